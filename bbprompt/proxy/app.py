"""The proxy as an ASGI application: read, prompt, send on, map the answer, give it back.

It fails closed: a request with a body goes on only if an image was found in it and all that were found were prompted; a
redirect, which would lead the client around the prompt, is an error. The caller's key is in headers that go on, and is
kept nowhere; an AWS signature, which a prompted body breaks, is replaced by the proxy's own, or refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from bbprompt.errors import ConfigError
from bbprompt.proxy.dialect import Dialect, Fetch, Lay, Message, Refusal, Relabel
from bbprompt.proxy.fetching import Within, fetch_nothing
from bbprompt.proxy.headers import ABOUT_THE_OLD_BODY, going_on
from bbprompt.proxy.metrics import Metrics
from bbprompt.proxy.signing import OF_THE_SIGNATURE, Scope, Signer, scope_of
from bbprompt.proxy.upstream import Client, Outgoing, Silent, Unreachable
from bbprompt.proxy.way_back import WayBack
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
WITHOUT_IMAGES = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long.

    Attributes:
        max_bytes: of a request, and of an answer that is mapped.
        timeout_s: of reading a request, and of the upstream's silence, in seconds.
    """

    max_bytes: int = 2**26
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """One upstream behind one prompt.

    Attributes:
        relabel: ``None`` where answers go back as they are.
        client: to the upstream.
        fetch: gets images that a request names by address.
        workers: threads on which images are prompted and answers mapped; each request waits for one.
        signer: signs anew what came signed for AWS; ``None`` refuses it.
    """

    upstream: str
    dialect: Dialect
    lay: Lay
    relabel: Relabel | None
    client: Client
    workers: ThreadPoolExecutor
    fetch: Fetch = fetch_nothing
    signer: Signer | None = None
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
        except Silent:
            return self._wrong(504, "failed", "the upstream was silent for too long; it may have been billed")
        except Unreachable as error:
            return self._wrong(502, "failed", f"the upstream cannot be reached ({error})")

    async def _handle(self, request: Request) -> Response:
        headers = dict(going_on(request.headers.items(), drop=ABOUT_THE_OLD_BODY | {"host", "accept-encoding"}))
        scope = self._scope(request)
        content = await self._read(request)
        if request.method in WITHOUT_IMAGES and not content:
            relabel = self.relabel if self.dialect.answers_at(request.url.path) else None
            return await self._send(request, Message(b"", headers), scope, relabel=relabel, outcome="passed")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HTTPException(415, "send the body uncompressed, so that its images can be prompted")
        prompted = await self._prompt(Message(content, headers))
        return await self._send(request, prompted, scope, relabel=self.relabel, outcome="prompted")

    def _scope(self, request: Request) -> Scope | None:
        scope = scope_of(request.headers, request.scope["query_string"])
        if scope is not None and self.signer is None:
            raise Refusal(
                "the request is signed (SigV4), and a prompted body breaks its signature; "
                "start the proxy with --sign-aws, and it signs with its own credentials"
            )
        return scope

    async def _read(self, request: Request) -> bytes:
        parts, size = list[bytes](), 0
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                async for part in request.stream():
                    parts.append(part)
                    size += len(part)
                    if size > self.limits.max_bytes:
                        raise HTTPException(413, f"a request takes at most {self.limits.max_bytes} bytes")
        except TimeoutError as error:
            raise HTTPException(408, "the request took too long to arrive") from error
        return b"".join(parts)

    async def _prompt(self, message: Message) -> Message:
        with self.metrics.laying.time():
            fetch = Within(self.fetch, max_bytes=self.limits.max_bytes, timeout_s=self.limits.timeout_s)
            work = partial(self.dialect.prompt, message, self.lay, fetch)
            try:
                prompted, images = await asyncio.get_running_loop().run_in_executor(self.workers, work)
            except RecursionError as error:
                raise Refusal("a body nested too deeply") from error
        self.metrics.images.inc(images)
        return prompted

    async def _send(
        self, request: Request, message: Message, scope: Scope | None, *, relabel: Relabel | None, outcome: str
    ) -> Response:
        headers = {**message.headers, "accept-encoding": "identity"}
        sent = Outgoing(request.method, self._url(request), headers, message.content)
        if scope is not None:
            sent = await asyncio.get_running_loop().run_in_executor(self.workers, self._signed, sent, scope)
        answer = await self.client.send(sent)
        back = WayBack(self.upstream, self.dialect, relabel, self.workers, self.limits.max_bytes)
        try:
            response = await back(answer, home=lambda: str(request.base_url))
        except BaseException:
            answer.close()
            raise
        self.metrics.count(outcome)
        return response

    def _signed(self, sent: Outgoing, scope: Scope) -> Outgoing:
        assert self.signer is not None
        headers = {name: value for name, value in sent.headers.items() if name not in OF_THE_SIGNATURE}
        try:
            signature = self.signer.sign(
                sent.method, sent.url, headers, sent.content, service=scope.service, region=scope.region
            )
        except ConfigError as error:
            raise HTTPException(500, f"the request cannot be signed: {error}") from error
        return replace(sent, headers=headers | {name.lower(): value for name, value in signature.items()})

    def _url(self, request: Request) -> str:
        path = request.scope.get("raw_path") or request.url.path.encode()
        query = request.scope["query_string"]
        return self.upstream.rstrip("/") + path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")

    def _wrong(self, status: int, outcome: str, why: str) -> Response:
        self.metrics.count(outcome)
        text = f"bbprompt proxy: {why}"
        return JSONResponse({"error": text, "message": text}, status)  # each is what some client shows


def make_app(proxy: Proxy) -> Starlette:
    """Return the ASGI application. ``/healthz`` and ``/metrics`` are its own; every other path is the upstream's."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with proxy.workers:
            async with proxy.client:
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
