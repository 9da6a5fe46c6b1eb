"""Any oracle behind the Open Inference Protocol v2: bytes in, scores out, and nothing else of the model."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio.to_thread
import msgspec

from bbprompt.errors import ConfigError, DataError, OracleError
from bbprompt.oracle import Answer, Oracle, Scores
from bbprompt.registry import needs_extra
from bbprompt.serving import serve_app
from bbprompt_adapters.open_inference.messages import JSON_SIZE, Body, WireResponse, decode_request, encode_response
from bbprompt_adapters.open_inference.metadata import BINARY, EXTRAS, Extras
from bbprompt_adapters.open_inference.tensors import CodecError, Tensor

with needs_extra("serve"):
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

INPUT, OUTPUT = "image", "scores"
JSON_BYTES_PER_VALUE = 8


def serve(oracle: Oracle, *, host: str, port: int, on_ready: Callable[[str], object]) -> None:
    """Serve ``oracle`` until the process is asked to end.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        on_ready: called once with the server's URL, as soon as it takes connections.

    Raises:
        ConfigError: the address cannot be had, or an oracle whose answers do not fit the protocol.
    """
    serve_app(make_app(oracle), host=host, port=port, on_ready=on_ready, lifespan="off")


def make_app(oracle: Oracle) -> Starlette:
    """Return the ASGI application; the model's name and version are the two halves of ``spec.name``.

    Raises:
        ConfigError: an oracle whose answers do not fit the protocol.
    """
    if oracle.spec.answer is Answer.TOP_K:
        raise ConfigError("an oracle that answers top_k cannot be served: its answers have gaps")
    model, _, version = oracle.spec.name.partition("@")
    about = {"name": "bbprompt", "version": importlib.metadata.version("bbprompt"), "extensions": [BINARY]}
    service = Service(oracle, model, version, anyio.CapacityLimiter(oracle.spec.max_in_flight))
    routes = [
        Route(
            "/v2",
            _say(about),
        ),
        Route("/v2/health/live", _say({"live": True})),
        Route("/v2/health/ready", _say({"ready": True})),
        Route("/v2/models/{model}", service.metadata),
        Route("/v2/models/{model}/ready", service.ready),
        Route("/v2/models/{model}/infer", service.infer, methods=["POST"]),
    ]
    handlers = {HTTPException: _refuse, CodecError: _refuse, DataError: _refuse, OracleError: _refuse}
    return Starlette(routes=routes, exception_handlers=handlers)


@dataclass(frozen=True, slots=True)
class Service:
    """One oracle under one name; ``turns`` lets in as many requests at a time as it can take."""

    oracle: Oracle
    model: str
    version: str
    turns: anyio.CapacityLimiter

    async def metadata(self, request: Request) -> Response:
        """Answer what the model takes and gives."""
        self._check_name(request)
        return JSONResponse(self._describe())

    async def ready(self, request: Request) -> Response:
        """Answer that the model can be asked."""
        self._check_name(request)
        return JSONResponse({"name": self.model, "ready": True})

    async def infer(self, request: Request) -> Response:
        """Answer images with scores."""
        self._check_name(request)
        content = await _read(request, self._max_bytes())
        body = await anyio.to_thread.run_sync(
            partial(self._answer, content, request.headers.get(JSON_SIZE)), limiter=self.turns
        )
        return Response(body.content, headers=body.headers)

    def _answer(self, content: bytes, json_size: str | None) -> Body:
        request, inputs = decode_request(content, json_size)
        for asked in request.outputs:
            if asked.name != OUTPUT:
                raise CodecError(f"unknown output {asked.name!r}; known: {OUTPUT}")
        scores = self._score(inputs)
        response = WireResponse([], self.model, self.version or None, request.id)
        return encode_response(response, [(Tensor(OUTPUT, scores.values), request.wants_binary(OUTPUT))])

    def _score(self, inputs: list[Tensor]) -> Scores:
        if [(tensor.name, tensor.datatype) for tensor in inputs] != [(INPUT, "UINT8")]:
            got = ", ".join(f"{tensor.name} {tensor.datatype}" for tensor in inputs) or "none"
            raise CodecError(f"expected one input, {INPUT} UINT8, got {got}")
        images = inputs[0].values
        if images.ndim == 4 and not 1 <= len(images) <= self.oracle.spec.max_batch:
            raise CodecError(f"a request takes 1 to {self.oracle.spec.max_batch} images, got {len(images)}")
        return self.oracle.query(images)

    def _describe(self) -> Mapping[str, Any]:
        spec = self.oracle.spec
        extras = Extras(spec.name, list(spec.labels), spec.answer, spec.max_batch)
        return {
            "name": self.model,
            "versions": [self.version] if self.version else [],
            "platform": "bbprompt",
            "inputs": [{"name": INPUT, "datatype": "UINT8", "shape": [-1, *spec.input_size, 3]}],
            "outputs": [{"name": OUTPUT, "datatype": "FP32", "shape": [-1, len(spec.labels)]}],
            "parameters": {EXTRAS: msgspec.to_builtins(extras)},
        }

    def _check_name(self, request: Request) -> None:
        if (name := request.path_params["model"]) != self.model:
            raise HTTPException(404, f"unknown model {name!r}; known: {self.model}")

    def _max_bytes(self) -> int:
        height, width = self.oracle.spec.input_size
        return 100_000 + JSON_BYTES_PER_VALUE * 3 * height * width * self.oracle.spec.max_batch


async def _read(request: Request, max_bytes: int) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "send the body uncompressed")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > max_bytes:
            raise HTTPException(413, f"a request takes at most {max_bytes} bytes")
    return bytes(content)


def _say(answer: Mapping[str, Any]) -> Callable[[Request], Response]:
    return lambda _: JSONResponse(answer)


def _refuse(_: Request, error: Exception) -> Response:
    match error:
        case HTTPException():
            return JSONResponse({"error": error.detail}, error.status_code, error.headers)
        case OracleError():
            return JSONResponse({"error": str(error)}, 503 if error.retryable else 500)
    return JSONResponse({"error": str(error)}, 400)
