"""Stand-ins: an oracle without a model, the server without a network, and a server that answers what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.oracle import Answer, Oracle, OracleSpec, Scores, check_images
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.server import make_app

SIZE = (4, 6)
URL = "http://model.test:8000"
SPEC = OracleSpec("brightness@v7", SIZE, ("red", "green", "blue"), Answer.SIMILARITY, max_batch=4)
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Brightness:
    """Scores of an image: the means of its channels, of 0..1, times 1/3."""

    spec: OracleSpec = SPEC
    fails_with: Exception | None = None

    def query(self, images: UInt8) -> Scores:
        check_images(images, self.spec)
        if self.fails_with:
            raise self.fails_with
        return Scores((images.mean(axis=(1, 2)) / 765).astype(np.float32), self.spec.answer)


def through(oracle: Oracle) -> httpx.MockTransport:
    """Return a transport that hands requests straight to the server's application."""
    app = make_app(oracle)

    async def send(request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.request(
                request.method, request.url, headers=request.headers, content=request.content
            )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return httpx.MockTransport(lambda request: anyio.run(send, request))


def foreign(
    infer: Handler,
    *,
    datatype: str = "UINT8",
    shape: tuple[int, ...] = (-1, *SIZE, 3),
    width: int = 3,
    extensions: tuple[str, ...] = ("binary_tensor_data",),
    more: Mapping[str, object] | None = None,
) -> httpx.MockTransport:
    """Return a server that somebody else wrote: plain metadata, and ``infer`` for the rest."""
    model = {
        "name": "m",
        "platform": "other",
        "inputs": [{"name": "x", "datatype": datatype, "shape": list(shape)}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, width]}],
        **(more or {}),
    }

    def handle(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v2":
                return httpx.Response(200, json={"name": "other", "extensions": list(extensions)})
            case "/v2/models/m":
                return httpx.Response(200, json=model)
        return infer(request)

    return httpx.MockTransport(handle)


def scores_json(values: object, shape: tuple[int, int], **more: object) -> httpx.Response:
    output = {"name": "y", "datatype": "FP32", "shape": list(shape), "data": values, **more}
    return httpx.Response(200, content=json.dumps({"model_name": "m", "outputs": [output]}).encode())


def images(n: int, seed: int = 0) -> UInt8:
    return np.random.default_rng(seed).integers(0, 256, (n, *SIZE, 3), dtype=np.uint8)
