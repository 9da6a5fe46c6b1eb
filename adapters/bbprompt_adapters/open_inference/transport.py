"""HTTP with one set of errors: every failure of httpx or of a status becomes an ``OracleError``, once, here."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from bbprompt.errors import AnswerError, OracleError

CONNECT_TIMEOUT_S = 10.0
TEMPORARY = frozenset({408, 409, 425, 429})
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: its bytes, decompressed, and its headers."""

    content: bytes
    headers: httpx.Headers


class Refusal(msgspec.Struct):
    """The JSON of an error."""

    error: str


class Transport:
    """GET and POST below one URL. Safe to use from many threads; never shows the key."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        max_connections: int,
        key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Open nothing yet: the first request connects.

        Args:
            url: http or https.
            timeout_s: longest silence of the server, in seconds.
            max_connections: most connections at once.
            key: sent as a bearer token.
            transport: stands in for the network in tests.
        """
        self.url = url.rstrip("/")
        self._key = key
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            trust_env=not _is_loopback(self.url),  # a proxy cannot reach our own loopback
            transport=transport,
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
        return self._send(self._client.build_request("GET", self.url + path), max_bytes, billed=False)

    def post(self, path: str, content: bytes, headers: dict[str, str], *, max_bytes: int) -> Reply:
        """Send ``content``; billed as soon as the server may have seen it.

        Raises:
            OracleError: it failed.
            AnswerError: the answer is longer than ``max_bytes``.
        """
        request = self._client.build_request("POST", self.url + path, content=content, headers=headers)
        return self._send(request, max_bytes, billed=True)

    def _send(self, request: httpx.Request, max_bytes: int, *, billed: bool) -> Reply:
        try:
            response = self._client.send(request, stream=True)
            try:
                content = _read(response, max_bytes, billed=billed)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise self._translate(error, billed=billed) from error
        if response.is_success:
            return Reply(content, response.headers)
        raise self._refusal(response, content, billed=billed)

    def _translate(self, error: httpx.HTTPError, *, billed: bool) -> OracleError:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
                message = f"no server answers at {self.url}; start it with `bbprompt serve ...` or fix [oracle] url"
                return OracleError(message, billed=False, retryable=True)
            case httpx.PoolTimeout():
                return OracleError(f"no free connection to {self.url} in time", billed=False, retryable=True)
            case httpx.TimeoutException():
                message = f"{self.url} was silent for too long; raise [oracle] timeout_s or lower max_batch"
                return OracleError(message, billed=billed, retryable=True)
            case httpx.DecodingError():
                return AnswerError(f"{self.url} answered with a body that cannot be decompressed", billed=billed)
            case _:
                message = f"the connection to {self.url} broke ({self._clean(str(error))})"
                return OracleError(message, billed=billed, retryable=True)

    def _refusal(self, response: httpx.Response, content: bytes, *, billed: bool) -> OracleError:
        status = response.status_code
        message = f"{self.url} answered {status} {response.reason_phrase}".rstrip()
        reason = self._clean(_reason(content))
        if status in (401, 403):
            reason += "; set [oracle] key_env to the environment variable that holds the key"
        return OracleError(
            f"{message}: {reason}" if reason else message,
            billed=billed,
            retryable=status in TEMPORARY or status >= 500,
            retry_after_s=parse_retry_after(response.headers.get("retry-after")),
        )

    def _clean(self, text: str) -> str:
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return (line.replace(self._key, "***") if self._key else line)[:MAX_REASON]


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


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


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
