"""Requests to the upstream, each sent once, and its answers as they arrive.

By aiohttp: httpx takes three times its processor time, and would be most of what a request with a tensor costs.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from bbprompt.http_library import httpx
from bbprompt.proxy.dialect import Refusal
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    import aiohttp
    from yarl import URL

CONNECTIONS = 64
IDLE_S = 5.0
"""After which a connection that nothing uses is closed; servers close theirs too, and the later the likelier."""

LEGS = 3
"""Connecting, sending and waiting for an answer may each take the time limit."""

LONGEST_LINE = 2**16
"""Bytes of one header of an answer; cookies and policies are long."""

IN_ONE_PIECE = 2**20
"""Bytes of a body up to which the loop may be kept busy with sending it."""

NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Silent(Exception):
    """The upstream did not take, or not answer, a request in time."""


class Unreachable(Exception):
    """No connection to the upstream, or it broke; the text is the kind of error."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request but for what frames it (host, content-length); names of headers in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the upstream says.

    Attributes:
        status: of HTTP.
        headers: in their order; names as they came, values in latin-1.
        parts: of its body, as it is encoded; reading raises ``Silent`` or ``Unreachable``.
        is_here: whether all of the body has arrived, so that reading waits for nothing.
        close: ends the connection, unless the body was read to its end.
    """

    status: int
    headers: list[tuple[str, str]]
    parts: AsyncIterator[bytes]
    is_here: bool
    close: Callable[[], None]


class Client(Protocol):
    """What sends requests, between entering and leaving."""

    async def __aenter__(self) -> object:
        """Begin."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every connection."""

    async def send(self, request: Outgoing) -> Answer:
        """Return the answer as soon as its headers are there.

        Raises:
            Refusal: a header that cannot be sent.
            Silent: see there.
            Unreachable: see there.
        """


class HttpClient:
    """Keeps connections, and nothing of a caller: no cookie of an answer goes along with another's request."""

    def __init__(self, *, timeout_s: float) -> None:
        """Connect to nothing yet.

        Args:
            timeout_s: of each of ``LEGS``, and of silence within an answer, in seconds.
        """
        self._timeout_s = timeout_s

    async def __aenter__(self) -> HttpClient:
        """See ``Client``."""
        trusted = httpx.create_ssl_context(trust_env=False)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_S, ssl=trusted),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._timeout_s, sock_read=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=NOT_ADDED,
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            middlewares=[_once],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See ``Client``."""
        await self._session.close()

    async def send(self, request: Outgoing) -> Answer:
        """See ``Client``."""
        url = URL(request.url, encoded=True)
        headers = {name: _as_utf8(value) for name, value in request.headers.items()}
        if url.user is not None:
            headers.pop("authorization", None)  # the upstream's address has the key
        content = request.content
        data = io.BytesIO(content) if len(content) > IN_ONE_PIECE else content or None
        try:
            async with asyncio.timeout(LEGS * self._timeout_s):
                answer = await self._session.request(
                    request.method, url, headers=headers, data=data, allow_redirects=False
                )
        except TimeoutError as error:
            raise Silent from error
        except aiohttp.ClientError as error:
            raise Unreachable(type(error).__name__) from error
        told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers]
        return Answer(answer.status, told, _parts(answer), answer.content.is_eof(), answer.close)


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp would repeat a PUT whose connection broke, and it may have been billed."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Unreachable(type(error).__name__) from error


async def _parts(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for part in answer.content.iter_any():
            yield part
    except TimeoutError as error:
        raise Silent from error
    except aiohttp.ClientError as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        answer.close()


def _as_utf8(value: str) -> str:
    """A header's value, read as latin-1, as the text whose UTF-8 are the bytes that came."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("a header that is neither ASCII nor UTF-8") from error
