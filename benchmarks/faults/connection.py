"""HTTP/1.1 by hand, because no server lets its answers be cut off, reset or kept back."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST, not FIN."""


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back.

    Attributes:
        after_s: seconds of silence before it.
        share: how much of the body is written before the connection closes in peace; 1 keeps it open.
        reset: reset the connection instead of answering.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    after_s: float = 0.0
    share: float = 1.0
    reset: bool = False

    @property
    def head(self) -> bytes:
        """The status line and the headers, as they go over the wire."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", f"content-length: {len(self.content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "\r\n"]).encode()


class Connection(asyncio.Protocol):
    """One client's connection: whole requests in, replies out."""

    def __init__(self, answer: Callable[[Request], Reply], open_ones: set[asyncio.Transport]) -> None:
        self._answer, self._open = answer, open_ones
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._path, self._headers, self._content = "", dict[str, str](), bytearray()

    def on_url(self, url: bytes) -> None:
        self._path += url.decode("ascii")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("ascii").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._content += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        reply = self._answer(Request(method, self._path, self._headers, bytes(self._content)))
        asyncio.get_running_loop().call_later(reply.after_s, self._send, reply)

    def _send(self, reply: Reply) -> None:
        if self._transport.is_closing():
            return
        if reply.reset:
            connected: socket.socket = self._transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()
            return
        self._transport.write(reply.head + reply.content[: int(len(reply.content) * reply.share)])
        if reply.share < 1:
            self._transport.close()


async def listen(
    answer: Callable[[Request], Reply],
    *,
    on_ready: Callable[[str], object],
    until: asyncio.Event,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve on a free port of loopback until ``until`` is set; ``on_ready`` gets the URL."""
    loop = asyncio.get_running_loop()
    # A client may be killed in the middle of a handshake: that is no news.
    loop.set_exception_handler(lambda *_: None)
    open_ones = set[asyncio.Transport]()
    server = await loop.create_server(lambda: Connection(answer, open_ones), "127.0.0.1", 0, backlog=512, ssl=tls)
    on_ready(f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await until.wait()
    server.close()
    # Before Python 3.12 a closed server keeps its clients' connections, and a loop that ends leaks their sockets.
    while open_ones:
        for transport in tuple(open_ones):
            transport.abort()
        await asyncio.sleep(0)


@contextmanager
def listening(answer: Callable[[Request], Reply], *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve from a thread while the block runs; gives the URL."""
    loop, until, ready, urls = asyncio.new_event_loop(), asyncio.Event(), threading.Event(), list[str]()

    def on_ready(url: str) -> None:
        urls.append(url)
        ready.set()

    def serve() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(listen(answer, on_ready=on_ready, until=until, tls=tls))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
