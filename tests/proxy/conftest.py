"""A proxy before an upstream that remembers what it was sent, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")
pytest.importorskip("aiohttp")

from bbprompt.http_library import httpx
from bbprompt.overlay import Overlay, OverlayMeta, write_overlay
from bbprompt.proxy.app import make_app
from bbprompt.proxy.serve import make_proxy
from bbprompt.proxy.upstream import Answer, Outgoing
from bbprompt.registry import open_dialect
from bbprompt.sigv4 import AwsSigner
from tests.adapters.declarative.cases import CASES
from tests.golden.cases import overlay_of

UPSTREAM = "https://api.test/base"
PROXY = "http://proxy.test"
MAP = {"name": "given", "indices": [2, 0], "width": 3}


def overlay(label_map: dict[str, Any] | None = None, training: dict[str, Any] | None = None) -> Overlay:
    """A golden prompt whose map, unless another is given, takes labels 2 and 0 of three."""
    made = overlay_of("padding", "add")
    meta = OverlayMeta(oracle="o", classes=("cat", "dog"), label_map=label_map or MAP, training=training or {})
    return Overlay(made.template, made.levels, meta)


class Upstream:
    """Answers what it is told to, and keeps every request."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.is_here = False
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json={"ok": 1})

    async def __aenter__(self) -> Upstream:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, request: Outgoing) -> Answer:
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        self.requests.append(sent)
        answer = self.answer(sent)
        headers = [(name.decode(), value.decode()) for name, value in answer.headers.raw]
        return Answer(answer.status_code, headers, _parts(answer), is_here=self.is_here, close=lambda: None)


async def _parts(answer: httpx.Response) -> AsyncIterator[bytes]:
    assert isinstance(answer.stream, httpx.SyncByteStream)
    for part in answer.stream:
        yield part


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


Ask = Callable[..., httpx.Response]


@pytest.fixture
def start(upstream: Upstream, tmp_path: Path) -> Callable[..., Ask]:
    """Start a proxy; what comes back sends it one request."""

    def begin(
        adapter: str,
        *,
        relabels: bool = False,
        options: Mapping[str, object] | None = None,
        label_map: dict[str, Any] | None = None,
        training: dict[str, Any] | None = None,
        upstream_url: str = UPSTREAM,
        **settings: Any,
    ) -> Ask:
        write_overlay(tmp_path / "prompt.png", overlay(label_map, training))
        proxy = make_proxy(
            tmp_path / "prompt.png",
            upstream=upstream_url,
            dialect=open_dialect(adapter, options or {}),
            relabels=relabels,
            client=upstream,
            **settings,
        )
        app = make_app(proxy)

        def ask(method: str, path: str, **request: Any) -> httpx.Response:
            async def send() -> httpx.Response:
                transport = httpx.ASGITransport(app=app)
                async with httpx.AsyncClient(transport=transport, base_url=PROXY) as client:
                    return await client.request(method, path, **request)

            return asyncio.run(send())

        return ask

    return begin


@pytest.fixture
def begin(start: Callable[..., Ask], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ask]:
    """Start a proxy for a case, with the credentials that it needs to sign."""

    def opened(name: str, **settings: Any) -> Ask:
        for variable, value in CASES[name].env.items():
            monkeypatch.setenv(variable, value)
        signer = AwsSigner() if name.startswith("rekognition") else None
        return start(name, signer=signer, **settings)

    return opened
