"""A service without a model: it answers at once, or after a fixed time, as many images as it was told, always alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click
import numpy as np

from bbprompt_adapters.open_inference.messages import WireResponse, encode_response
from bbprompt_adapters.open_inference.tensors import Tensor
from benchmarks.faults.connection import Reply, Request, listen
from benchmarks.faults.dialects import Json, as_json

LABELS = ("a", "b", "c")
MODEL = "constant"
SCORES = (0.25, 0.5, 1.0)


def replies(images: int, side: int, *, binary: bool) -> dict[str, Reply]:
    """Return what is answered, by path."""
    values = np.tile(np.array(SCORES, np.float32), (images, 1))
    body = encode_response(WireResponse([], MODEL), [(Tensor("scores", values), binary)])
    model = {
        "name": MODEL,
        "platform": "none",
        "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, side, side, 3]}],
        "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, len(LABELS)]}],
    }
    return {
        "/v2": as_json({"name": "constant", "extensions": ["binary_tensor_data"] if binary else []}),
        f"/v2/models/{MODEL}": as_json(model),
        f"/v2/models/{MODEL}/infer": Reply(headers=body.headers, content=body.content),
        "/classify": Json().right(Request("POST", "/classify", {}, b""), values),
    }


@click.command()
@click.option("--images", type=int, required=True, help="In each request.")
@click.option("--side", type=int, required=True, help="Of an image, in pixels.")
@click.option("--takes", "seconds", type=float, required=True, help="Seconds to an answer.")
@click.option("--binary/--json", default=True)
def main(images: int, side: int, seconds: float, binary: bool) -> None:
    """Serve; the URL is the first line."""
    table = replies(images, side, binary=binary)

    def answer(request: Request) -> Reply:
        reply = table[request.path]
        return replace(reply, after_s=seconds) if request.method == "POST" else reply

    asyncio.run(listen(answer, on_ready=click.echo, until=asyncio.Event()))


if __name__ == "__main__":
    main()
