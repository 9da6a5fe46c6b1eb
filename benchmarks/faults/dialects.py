"""The two ways in which the service is spoken to: JSON as an adapter's file describes it, and Open Inference v2."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from bbprompt.arrays import Float32, UInt8
from bbprompt.testing.fakes import FAKE_SPEC
from bbprompt_adapters.open_inference.messages import JSON_SIZE, WireResponse, decode_request, encode_response
from bbprompt_adapters.open_inference.tensors import Tensor
from benchmarks.faults.connection import Reply, Request

ADAPTER = Path(__file__).with_name("service.toml")
"""The adapter of the JSON dialect."""

LABELS = FAKE_SPEC.labels
MODEL = "faulty"


class Dialect(Protocol):
    """Reads requests and writes answers; ``body`` may be changed before it is written."""

    def images(self, request: Request) -> UInt8:
        """Return the request's images, uint8 (n, h, w, 3)."""

    def right(self, request: Request, values: Float32, /) -> Reply:
        """Return the answer of scores (n, k)."""

    def failed(self) -> Reply:
        """Return a 200 with an error inside."""


@dataclass(frozen=True, slots=True)
class Json:
    """``{"photos": [PNG in base64]}`` to ``{"ok": true, "results": [{"n": 0, "tags": [{"t": label, "p": score}]}]}``."""

    def images(self, request: Request) -> UInt8:
        photos = (base64.b64decode(text) for text in json.loads(request.content)["photos"])
        return np.stack([np.asarray(Image.open(io.BytesIO(photo))) for photo in photos])

    def right(self, _request: Request, values: Float32) -> Reply:
        return self.results([item(number, row) for number, row in enumerate(values)])

    def results(self, items: list[dict[str, Any]]) -> Reply:
        """Return an answer of these items."""
        return as_json({"ok": True, "results": items})

    def failed(self) -> Reply:
        return as_json({"ok": False, "error": {"code": "OVERLOADED", "message": "try later"}})


def item(number: int, row: Float32) -> dict[str, Any]:
    """One image's item; labels are numbered where a row is too long."""
    names = [*LABELS, *(f"label {n}" for n in range(len(LABELS), len(row)))]
    return {"n": number, "tags": [{"t": t, "p": p} for t, p in zip(names, row.tolist(), strict=False)]}


@dataclass(frozen=True, slots=True)
class OpenInference:
    """Open Inference Protocol v2: JSON is answered as JSON, binary tensors as binary tensors."""

    def images(self, request: Request) -> UInt8:
        _, (tensor,) = decode_request(request.content, request.headers.get(JSON_SIZE))
        return np.asarray(tensor.values, dtype=np.uint8)

    def right(self, request: Request, values: Float32) -> Reply:
        body = encode_response(WireResponse([], MODEL), [(Tensor("scores", values), JSON_SIZE in request.headers)])
        return Reply(headers=body.headers, content=body.content)

    def failed(self) -> Reply:
        return as_json({"error": "out of memory"})

    @staticmethod
    def about(path: str, *, binary: bool) -> Reply:
        """Return what the server says of itself and of its model."""
        extensions = ["binary_tensor_data"] if binary else []
        server = {"name": "faulty", "version": "1", "extensions": extensions}
        model = {
            "name": MODEL,
            "versions": ["1"],
            "platform": "fake",
            "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, *FAKE_SPEC.input_size, 3]}],
            "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, len(LABELS)]}],
        }
        return as_json(server if path == "/v2" else model)


def as_json(body: object) -> Reply:
    """Return a 200 with a JSON body; NaN is written as NaN, as some servers do."""
    return Reply(headers={"content-type": "application/json"}, content=json.dumps(body).encode())
