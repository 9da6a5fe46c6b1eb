"""Requests to an upstream over real sockets: what goes there, what comes back, and what goes wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
import trustme

from bbprompt.proxy.dialect import Refusal
from bbprompt.proxy.upstream import Answer, HttpClient, Outgoing, Silent, Unreachable

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nset-cookie: session=alice\r\n\r\n{}"
Reply: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(data: bytes) -> Reply:
    """Answer a request with these bytes, and keep the connection."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return reply


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


class Upstream:
    """Keeps what it gets, to the byte, and replies to each request."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.received: list[bytes] = []
        self.connections = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self.handled: list[asyncio.Task[None] | None] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.handled.append(asyncio.current_task())
        try:
            await self.ready.wait()
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
                self.received.append(head + body)
                await self.reply(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])


@asynccontextmanager
async def reached(
    upstream: Upstream, *, timeout_s: float = 30.0, key: str = "", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Callable[..., Awaitable[Answer]]]:
    """A client that asks an upstream, by ``ask(method, path, headers, content)``."""
    server = await asyncio.start_server(upstream.handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]

    async def ask(
        method: str = "POST", path: str = "/x", headers: dict[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        url = f"{'https' if tls else 'http'}://{key}127.0.0.1:{port}{path}"
        return await client.send(Outgoing(method, url, headers or {}, content))

    async with server:
        async with HttpClient(timeout_s=timeout_s) as client:
            yield ask
        await asyncio.gather(*filter(None, upstream.handled))


async def whole(answer: Answer) -> bytes:
    return b"".join([part async for part in answer.parts])


def test_what_is_sent_arrives_to_the_byte_and_nothing_else_does() -> None:
    async def run() -> None:
        upstream = Upstream(says(OK))
        async with reached(upstream) as ask:
            path = "/a%2Fb/../c?x=%20y&z=%c3%a9"
            await whole(await ask("PUT", path, {"x-a": "1", "x-b": "é".encode().decode("latin-1")}, b"\0body"))
            head, _, body = upstream.received[0].partition(b"\r\n\r\n")
            line, host, *headers = head.split(b"\r\n")
            assert line == b"PUT " + path.encode() + b" HTTP/1.1"
            assert host.startswith(b"Host: 127.0.0.1:")
            assert sorted(headers) == [b"Content-Length: 5", b"x-a: 1", "x-b: é".encode()]
            assert body == b"\0body"

    asyncio.run(run())


def test_a_header_that_is_no_text_is_refused() -> None:
    async def run() -> None:
        async with reached(Upstream(says(OK))) as ask:
            with pytest.raises(Refusal, match="neither ASCII nor UTF-8"):
                await ask(headers={"x": "\xe9"})

    asyncio.run(run())


def test_cookies_of_one_caller_stay_with_him() -> None:
    async def run() -> None:
        upstream = Upstream(says(OK))
        async with reached(upstream) as ask:
            for _ in range(2):
                assert ("set-cookie", "session=alice") in (answer := await ask()).headers
                assert await whole(answer) == b"{}"
        assert upstream.connections == 1
        assert b"alice" not in upstream.received[1]

    asyncio.run(run())


def test_the_key_of_the_upstreams_address_replaces_the_callers() -> None:
    async def run() -> None:
        upstream = Upstream(says(OK))
        async with reached(upstream, key="user:secret@") as ask:
            await whole(await ask(headers={"authorization": "Bearer theirs"}))
        assert b"Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in upstream.received[0]
        assert b"theirs" not in upstream.received[0]

    asyncio.run(run())


def test_a_large_body_goes_and_a_redirect_comes_back() -> None:
    async def run() -> None:
        moved = b"HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
        upstream, content = Upstream(says(moved)), bytes(range(256)) * 2**14
        async with reached(upstream) as ask:
            assert (await ask(content=content)).status == 307
        assert len(upstream.received) == 1
        assert upstream.received[0].endswith(b"\r\n\r\n" + content)

    asyncio.run(run())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
def test_a_request_is_sent_once(method: str) -> None:
    async def run() -> None:
        upstream = Upstream(hangs_up)
        async with reached(upstream) as ask:
            with pytest.raises(Unreachable, match="ServerDisconnectedError"):
                await ask(method)
        assert len(upstream.received) == 1

    asyncio.run(run())


def test_what_has_arrived_is_told_from_what_is_still_to_come() -> None:
    async def run() -> None:
        more = asyncio.Event()

        async def stream(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
            await more.wait()
            writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

        async with reached(Upstream(says(OK))) as ask:
            assert (await ask()).is_here
        async with reached(Upstream(stream)) as ask:
            answer = await ask()
            assert not answer.is_here
            parts = aiter(answer.parts)
            assert await anext(parts) == b"one"
            more.set()
            assert await anext(parts) == b"two"

    asyncio.run(run())


def test_long_headers_and_compressed_bodies_come_as_they_are() -> None:
    async def run() -> None:
        said = (
            b"HTTP/1.1 200 OK\r\nX-Long: "
            + b"x" * 30_000
            + b"\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b"
        )
        async with reached(Upstream(says(said))) as ask:
            answer = await ask()
            assert answer.headers[0] == ("X-Long", "x" * 30_000)
            assert await whole(answer) == b"\x1f\x8b"

    asyncio.run(run())


async def says_nothing(_: asyncio.StreamWriter) -> None: ...


@pytest.mark.parametrize("reply", [says_nothing, says(OK[:-1])])
def test_silence_before_an_answer_and_within_it(reply: Reply) -> None:
    async def run() -> None:
        async with reached(Upstream(reply), timeout_s=0.2) as ask:
            with pytest.raises(Silent):
                await whole(await ask())

    asyncio.run(run())


def test_an_upstream_that_does_not_take_the_body() -> None:
    async def run() -> None:
        upstream = Upstream(says(OK))
        upstream.ready.clear()
        async with reached(upstream, timeout_s=0.2) as ask:
            with pytest.raises(Silent):
                await ask(content=bytes(2**26))
            upstream.ready.set()

    asyncio.run(run())


def test_an_answer_that_breaks_off() -> None:
    async def broken(writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])
        writer.close()

    async def run() -> None:
        async with reached(Upstream(broken)) as ask:
            with pytest.raises(Unreachable, match="ClientPayloadError"):
                await whole(await ask())

    asyncio.run(run())


def test_nobody_there_no_http_and_a_certificate_that_nobody_vouches_for() -> None:
    async def run() -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
        async with HttpClient(timeout_s=5) as client:
            with pytest.raises(Unreachable, match="ClientConnectorError"):
                await client.send(Outgoing("GET", "http://127.0.0.1:1/", {}, b""))
        async with reached(Upstream(says(b"SSH-2.0\r\n\r\n"))) as ask:
            with pytest.raises(Unreachable):
                await ask()
        async with reached(Upstream(says(OK)), tls=tls) as ask:
            with pytest.raises(Unreachable, match="Certificate"):
                await ask()

    asyncio.run(run())
