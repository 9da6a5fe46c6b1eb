"""HTTP with one set of errors: every failure of the client or of a status becomes an ``OracleError``, once, here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from bbprompt.errors import AnswerError, OracleError
from bbprompt_adapters.http.credentials import Anonymous, Credentials, spellings
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.http.network import Signing, open_network
from bbprompt_adapters.http.waiting import asked_wait_s

CONNECT_TIMEOUT_S = 10.0
TEMPORARY = frozenset({408, 409, 425, 429})
BUSY = frozenset({429, 503})
UNBILLED = frozenset({401, 403, 404, 405, 413, 415, 429})
"""Statuses of a gate that a request did not pass."""

MAX_REASON = 200

parsed = lru_cache(maxsize=64)(httpx.URL)
"""Nearly all requests of a run go to one address, and reading it takes as long as building one of them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status: its bytes, decompressed, and its headers."""

    status: int
    reason: str
    headers: httpx.Headers
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Refusal(msgspec.Struct):
    """The JSON of an error."""

    error: str


class Transport:
    """Requests to one host. Safe to use from many threads; never shows the key, never follows a redirect."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        max_connections: int,
        credentials: Credentials | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Open nothing yet: the first request connects.

        Args:
            url: http or https; what ``get`` and ``post`` add their path to.
            timeout_s: longest silence of the server, in seconds.
            max_connections: most connections at once.
            credentials: how requests are signed.
            transport: stands in for the network in tests.
        """
        self.url = url.rstrip("/")
        self._credentials = credentials or Anonymous()
        network = transport or open_network(self.url, max_connections=max_connections)
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            transport=Signing(network, self._credentials),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, *, max_bytes: int) -> Reply:
        """Fetch ``path``; never billed.

        Raises:
            OracleError: it failed.
            AnswerError: the answer is longer than ``max_bytes``.
        """
        return self._checked(self.send("GET", self.url + path, max_bytes=max_bytes, billed=False), billed=False)

    def post(self, path: str, content: bytes, headers: dict[str, str], *, max_bytes: int) -> Reply:
        """Send ``content``; billed once the server may have seen it, unless it says that it stopped at the gate.

        Raises:
            OracleError: it failed.
            AnswerError: the answer is longer than ``max_bytes``.
        """
        reply = self.send("POST", self.url + path, content=content, headers=headers, max_bytes=max_bytes)
        return self._checked(reply, billed=True)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int,
        billed: bool = True,
    ) -> Reply:
        """Send one request and return what came, also a refusal.

        Raises:
            OracleError: no whole answer came; ``billed`` unless the request certainly did not leave.
            AnswerError: the answer is longer than ``max_bytes``, or cannot be decompressed.
        """
        # A URL's own query is kept unless there is one to set.
        request = self._client.build_request(
            method, parsed(url), params=params or None, headers=headers, content=content
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                body = _read(response, max_bytes, billed=billed)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise self._translate(error, billed=billed) from error
        return Reply(response.status_code, response.reason_phrase, response.headers, body)

    def refusal(self, reply: Reply, reason: str, *, billed: bool, retryable: bool, advice: str = "") -> OracleError:
        """Return the error that a reply is; ``reason`` is its own, ``advice`` what to do if trying again is no use."""
        message = f"{self.url} answered {reply.status} {reply.reason}".rstrip()
        reason = self.clean(reason)
        if reply.status in (401, 403):
            reason += f"; {self._credentials.advice}"
        elif advice and not retryable:
            reason += f"; {advice}"
        if target := reply.headers.get("location"):
            reason += f"; it points to {self.clean(target)}, which is not followed; correct [oracle] url"
        return OracleError(
            f"{message}: {reason}" if reason else message,
            billed=billed,
            retryable=retryable,
            retry_after_s=asked_wait_s(reply.headers),
            busy=retryable and (reply.status in BUSY or not billed),
        )

    def clean(self, text: str) -> str:
        """Return somebody else's text as one short line without our secrets."""
        # Secrets go first: half of one that is cut off would not be found.
        text = self.hide(text)[: 20 * MAX_REASON]
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line[:MAX_REASON]

    @contextmanager
    def reading(self, body: object) -> Iterator[None]:
        """Read ``body`` within: what it is found to say is not shown if one of our secrets is in it.

        Raises:
            AnswerError: what was raised within, or another one that shows nothing.
        """
        try:
            yield
        except AnswerError as error:
            text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
            if self.hide(text) == text:
                raise
            message = f"{self.url} answered no scores, but something with our key in it, which is not shown here"
            raise AnswerError(message, billed=error.billed, retryable=error.retryable) from None

    def hide(self, text: str) -> str:
        """Return somebody else's text without our secrets, in no spelling."""
        for secret in self._credentials.secrets():
            for form in spellings(secret):
                text = text.replace(form, "***")
        return text

    def _checked(self, reply: Reply, *, billed: bool) -> Reply:
        if reply.is_success:
            return reply
        retryable = reply.status in TEMPORARY or reply.status >= 500
        billed = billed and reply.status not in UNBILLED
        raise self.refusal(reply, _reason(reply.content), billed=billed, retryable=retryable)

    def _translate(self, error: httpx.HTTPError, *, billed: bool) -> OracleError:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
                return self._unconnected(str(error))
            case httpx.PoolTimeout():
                return OracleError(f"no free connection to {self.url} in time", billed=False, retryable=True)
            case httpx.TimeoutException():
                message = f"{self.url} was silent for too long; raise [oracle] timeout_s or lower max_batch"
                return OracleError(message, billed=billed, retryable=True)
            case httpx.DecodingError():
                return AnswerError(f"{self.url} answered with a body that cannot be decompressed", billed=billed)
            case _:
                message = f"the connection to {self.url} broke ({self.clean(str(error))})"
                return OracleError(message, billed=billed, retryable=True)

    def _unconnected(self, reason: str) -> OracleError:
        """Nothing was sent."""
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            message = f"{self.url} has a certificate that cannot be trusted; fix it, or set SSL_CERT_FILE"
            return OracleError(message, billed=False)
        if "[SSL:" in reason:
            message = f"{self.url} does not speak TLS ({self.clean(reason)}); is it http, not https?"
        else:
            message = f"no server answers at {self.url}; start it with `bbprompt serve ...` or fix [oracle] url"
        return OracleError(message, billed=False, retryable=True)


def _read(response: httpx.Response, max_bytes: int, *, billed: bool) -> bytes:
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > max_bytes:
            message = f"{response.url.host} answered more than the {max_bytes} bytes that an answer can take"
            raise AnswerError(message, billed=billed)
    return bytes(content)


def _reason(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=Refusal).error
    except msgspec.DecodeError:
        return content.decode("utf-8", "replace")
