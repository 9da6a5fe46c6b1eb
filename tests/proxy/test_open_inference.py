"""The protocol behind a proxy: tensors are prompted as locally, to the bit; answers carry the task's classes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.special import softmax

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt_adapters.open_inference.messages import JSON_SIZE, decode_request, decode_response
from bbprompt_adapters.open_inference.tensors import Tensor, to_wire
from tests.proxy.conftest import Upstream, overlay

INFER = "/v2/models/m/infer"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def images(n: int = 2) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (n, 12, 15, 3), dtype=np.uint8)


def request(tensors: list[Tensor], *, binary: bool, **more: Any) -> dict[str, Any]:
    parts = [to_wire(tensor, binary=binary) for tensor in tensors]
    head = msgspec.json.encode({"inputs": [wire for wire, _ in parts], **more})
    tail = b"".join(tail for _, tail in parts)
    headers = {JSON_SIZE: str(len(head)), "content-type": "application/octet-stream"} if binary else {}
    return {"content": head + tail, "headers": headers}


def normalised(pixels: UInt8) -> np.ndarray:
    values: np.ndarray = (pixels * np.float32(1 / 255) - np.float32(MEAN)) / np.float32(STD)
    return values.transpose(0, 3, 1, 2).astype(np.float32)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda pixels: pixels, {}),
        (lambda pixels: np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), {}),
        (normalised, {"mean": MEAN, "std": STD}),
        (lambda pixels: (pixels * np.float32(1 / 255)).astype(np.float32), {}),
        (lambda pixels: pixels.astype(np.float16), {"scale": 1.0}),
    ],
    ids=["uint8", "channels first", "normalised", "unit floats", "half"],
)
def test_a_tensor_is_prompted_as_locally_to_the_bit(
    start: Any, upstream: Upstream, make: Any, options: dict[str, Any], binary: bool
) -> None:
    extra = Tensor("threshold", np.array([0.25], np.float32))
    sent = request([Tensor("image", make(images())), extra], binary=binary, id="7", parameters={"own": True})
    start("open-inference", options=options)("POST", INFER, **sent)
    got = upstream.requests[0]
    head, tensors = decode_request(got.content, got.headers.get(JSON_SIZE))
    assert (head.id, head.parameters) == ("7", {"own": True})
    assert tensors[0].values.tobytes() == make(overlay().apply(images())).tobytes()
    assert tensors[1].values.tobytes() == extra.values.tobytes()
    assert (JSON_SIZE in got.headers) is binary


@pytest.mark.parametrize("binary", [True, False])
def test_answers_carry_the_classes(start: Any, upstream: Upstream, binary: bool) -> None:
    logits = np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32)
    wire, tail = to_wire(Tensor("scores", logits), binary=binary)
    head = msgspec.json.encode({"model_name": "m", "id": "7", "outputs": [wire]})
    headers = {JSON_SIZE: str(len(head))} if binary else {"content-type": "application/json"}
    upstream.answer = lambda _: httpx.Response(200, content=head + tail, headers=headers)
    ask = start("open-inference", relabels=True, options={"answer": "logits"})
    answer = ask("POST", INFER, **request([Tensor("image", images())], binary=binary))
    (scores,) = decode_response(answer.content, answer.headers.get(JSON_SIZE))
    expected = softmax(logits.astype(float), axis=1)[:, [2, 0]]
    np.testing.assert_allclose(scores.values, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
    assert (JSON_SIZE in answer.headers) is binary
    assert answer.headers["content-length"] == str(len(answer.content))


def test_an_answer_that_cannot_be_mapped_is_not_passed_off_as_mapped(start: Any, upstream: Upstream) -> None:
    ask = start("open-inference", relabels=True, options={"answer": "logits"})
    for wrong in ({"ok": 1}, {"outputs": [{"name": "s", "shape": [2], "datatype": "FP32", "data": [1, 2]}]}):
        upstream.answer = lambda _, wrong=wrong: httpx.Response(200, json=wrong)
        answer = ask("POST", INFER, **request([Tensor("image", images())], binary=False))
        assert answer.status_code == 502
        assert "cannot be mapped" in answer.json()["error"]


def test_an_error_of_the_upstream_comes_back_as_it_is(start: Any, upstream: Upstream) -> None:
    upstream.answer = lambda _: httpx.Response(400, json={"error": "no such model"})
    ask = start("open-inference", relabels=True, options={"answer": "logits"})
    answer = ask("POST", INFER, **request([Tensor("image", images())], binary=False))
    assert (answer.status_code, answer.json()) == (400, {"error": "no such model"})


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (Tensor("text", np.zeros((1, 5), np.int64)), "no image found"),
        (Tensor("image", np.zeros((2, 12, 15, 4), np.uint8)), "no image found"),
        (Tensor("image", np.full((1, 12, 15, 3), 0.5, np.float32)), "no grey levels"),
        (Tensor("image", np.full((1, 12, 15, 3), 2.0, np.float32)), "beyond the grey levels"),
        (Tensor("image", np.full((1, 12, 15, 3), np.nan, np.float32)), "no grey levels"),
    ],
)
@pytest.mark.parametrize("binary", [True, False])
def test_what_cannot_be_prompted_goes_nowhere(
    start: Any, upstream: Upstream, tensor: Tensor, says: str, binary: bool
) -> None:
    answer = start("open-inference")("POST", INFER, **request([tensor], binary=binary))
    assert answer.status_code == 400
    assert says in answer.json()["error"] or (not binary and "no array" in answer.json()["error"])
    assert upstream.requests == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"inputs": 1}',
        b'{"inputs": [1]}',
        b"[" * 100_000,
        b'{"inputs": [{"shape": [1,2,3,3]}]}',
    ],
)
def test_a_damaged_body_goes_nowhere(start: Any, upstream: Upstream, content: bytes) -> None:
    answer = start("open-inference")("POST", INFER, content=content)
    assert answer.status_code == 400
    assert upstream.requests == []


def test_mapping_needs_to_know_what_scores_mean(start: Any) -> None:
    with pytest.raises(ConfigError, match=r"say --option answer=.*, or --labels pass"):
        start("open-inference", relabels=True)
