"""The proxy as an ASGI application: read, prompt, send on, map the answer, give it back.

It fails closed: a request with a body goes on only if an image was found in it and all that were found were prompted; a
redirect, which would lead the client around the prompt, is an error. The caller's key is in headers that go on, and is
kept nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.to_thread

from bbprompt.proxy.dialect import Dialect, Lay, Message, Refusal, Relabel
from bbprompt.proxy.headers import ABOUT_THE_OLD_BODY, going_on
from bbprompt.proxy.metrics import Metrics
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    import httpx
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
WITHOUT_IMAGES = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNED = "aws4-hmac-sha256"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long.

    Attributes:
        max_bytes: of a request, and of an answer that is mapped.
        timeout_s: of reading a request, and of the upstream's silence, in seconds.
        at_once: requests that are prompted at the same time; others wait.
    """

    max_bytes: int = 2**26
    timeout_s: float = 60.0
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Proxy:
    """One upstream behind one prompt; ``relabel`` is ``None`` where answers go back as they are."""

    upstream: str
    dialect: Dialect
    lay: Lay
    relabel: Relabel | None
    client: httpx.AsyncClient
    limits: Limits = Limits()
    metrics: Metrics = field(default_factory=Metrics)

    async def handle(self, request: Request) -> Response:
        """Handle one request; say what went wrong as JSON."""
        try:
            return await self._handle(request)
        except Refusal as refusal:
            return self._wrong(400, "refused", str(refusal))
        except HTTPException as error:
            return self._wrong(error.status_code, "refused", error.detail)
        except ClientDisconnect:
            return self._wrong(400, "refused", "the request ended early")
        except httpx.TimeoutException:
            return self._wrong(504, "failed", "the upstream was silent for too long; it may have been billed")
        except httpx.HTTPError as error:
            return self._wrong(502, "failed", f"the upstream cannot be reached ({type(error).__name__})")

    async def _handle(self, request: Request) -> Response:
        headers = going_on(request.headers.items(), drop=ABOUT_THE_OLD_BODY | {"host", "accept-encoding"})
        content = await self._read(request)
        if request.method in WITHOUT_IMAGES and not content:
            return await self._send(request, Message(b"", dict(headers)), relabel=None, outcome="passed")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HTTPException(415, "send the body uncompressed, so that its images can be prompted")
        if request.headers.get("authorization", "").lower().startswith(SIGNED):
            raise Refusal("the request is signed (SigV4), and a prompted body breaks its signature")
        prompted = await self._prompt(Message(content, dict(headers)))
        return await self._send(request, prompted, relabel=self.relabel, outcome="prompted")

    async def _read(self, request: Request) -> bytes:
        content = bytearray()
        try:
            with anyio.fail_after(self.limits.timeout_s):
                async for part in request.stream():
                    content += part
                    if len(content) > self.limits.max_bytes:
                        raise HTTPException(413, f"a request takes at most {self.limits.max_bytes} bytes")
        except TimeoutError as error:
            raise HTTPException(408, "the request took too long to arrive") from error
        return bytes(content)

    async def _prompt(self, message: Message) -> Message:
        with self.metrics.laying.time():
            work = partial(self.dialect.prompt, message, self.lay)
            prompted, images = await anyio.to_thread.run_sync(work)
        self.metrics.images.inc(images)
        return prompted

    async def _send(self, request: Request, message: Message, *, relabel: Relabel | None, outcome: str) -> Response:
        sent = self.client.build_request(
            request.method,
            self._url(request),
            headers={**message.headers, "accept-encoding": "identity"},
            content=message.content or None,
        )
        answer = await self.client.send(sent, stream=True)
        try:
            self._check_redirect(answer)
            return await self._give_back(answer, relabel, outcome)
        except BaseException:
            await answer.aclose()
            raise

    def _url(self, request: Request) -> str:
        path = request.scope.get("raw_path") or request.url.path.encode()
        query = request.scope["query_string"]
        return self.upstream.rstrip("/") + path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")

    def _check_redirect(self, answer: httpx.Response) -> None:
        if answer.has_redirect_location:
            raise HTTPException(
                502, "the upstream redirects, around the prompt; start the proxy with its last address"
            )

    async def _give_back(self, answer: httpx.Response, relabel: Relabel | None, outcome: str) -> Response:
        headers = going_on(answer.headers.multi_items())
        if relabel is None or not answer.is_success:
            self.metrics.count(outcome)
            response: Response = StreamingResponse(
                answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
            )
        else:
            content = await self._whole(answer)
            known = dict(going_on(headers, drop=ABOUT_THE_OLD_BODY | {"content-encoding"}))
            work = partial(self.dialect.relabel, Message(content, known), relabel)
            try:
                mapped = await anyio.to_thread.run_sync(work)
            except Refusal as refusal:
                raise HTTPException(502, f"the upstream's answer cannot be mapped: {refusal}") from refusal
            self.metrics.count(outcome)
            response = Response(mapped.content, answer.status_code)
            headers = [*mapped.headers.items(), ("content-length", str(len(mapped.content)))]
        response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return response

    async def _whole(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > self.limits.max_bytes:
                raise HTTPException(502, f"the upstream answered more than {self.limits.max_bytes} bytes")
        await answer.aclose()
        return bytes(content)

    def _wrong(self, status: int, outcome: str, why: str) -> Response:
        self.metrics.count(outcome)
        return JSONResponse({"error": f"bbprompt proxy: {why}"}, status)


def make_app(proxy: Proxy) -> Starlette:
    """Return the ASGI application. ``/healthz`` and ``/metrics`` are its own; every other path is the upstream's."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with proxy.client:
            anyio.to_thread.current_default_thread_limiter().total_tokens = proxy.limits.at_once
            yield

    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True})

    async def metrics(_: Request) -> Response:
        return Response(proxy.metrics.text(), media_type="text/plain; version=0.0.4")

    routes = [
        Route("/healthz", health),
        Route("/metrics", metrics),
        Route("/{path:path}", proxy.handle, methods=METHODS),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
