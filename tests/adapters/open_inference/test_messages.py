"""The codec: what is encoded is decoded bit for bit, and what is damaged is refused in words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bbprompt_adapters.open_inference.messages import (
    JSON_SIZE,
    WireResponse,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from bbprompt_adapters.open_inference.tensors import DTYPES, CodecError, Tensor

FINITE = {"allow_nan": False, "allow_infinity": False}


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(list(DTYPES.values())))
    elements = FINITE if dtype.kind == "f" else {}
    return Tensor("t", draw(arrays.arrays(dtype, arrays.array_shapes(min_side=0, max_side=4), elements=elements)))


@given(tensors(), st.booleans())
def test_request_comes_back_bit_for_bit(tensor: Tensor, binary: bool) -> None:
    body = encode_request(tensor, output="scores", binary=binary)
    request, (back,) = decode_request(body.content, body.headers.get(JSON_SIZE))
    assert (back.name, back.datatype, back.values.shape) == ("t", tensor.datatype, tensor.values.shape)
    assert back.values.tobytes() == tensor.values.tobytes()
    assert request.wants_binary("scores") is binary


@given(st.lists(st.tuples(tensors(), st.booleans()), max_size=3))
def test_response_comes_back_bit_for_bit(outputs: list[tuple[Tensor, bool]]) -> None:
    body = encode_response(WireResponse([], "m"), outputs)
    back = decode_response(body.content, body.headers.get(JSON_SIZE))
    assert [one.values.tobytes() for one in back] == [one.values.tobytes() for one, _ in outputs]


def test_nan_and_infinity_travel_as_bytes() -> None:
    values = np.array([[np.nan, np.inf]], np.float32)
    body = encode_response(WireResponse([]), [(Tensor("y", values), True)])
    np.testing.assert_array_equal(decode_response(body.content, body.headers[JSON_SIZE])[0].values, values)


def test_null_stands_for_what_is_not_there_as_kserve_writes_it() -> None:
    wire = {"name": "y", "datatype": "FP32", "shape": [1, 2], "parameters": None, "data": [1, 2]}
    (tensor,) = decode_response(json.dumps({"id": "1", "model_version": None, "outputs": [wire]}).encode(), None)
    np.testing.assert_array_equal(tensor.values, np.array([[1, 2]], np.float32))
    asked = {"name": "y", "parameters": None}
    request = {"inputs": [{**wire, "name": "x"}], "outputs": [asked], "parameters": None}
    assert not decode_request(json.dumps(request).encode(), None)[0].wants_binary("y")


def test_nested_data_is_read_like_flat_data() -> None:
    wire = {"name": "y", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}
    (tensor,) = decode_response(json.dumps({"outputs": [wire]}).encode(), None)
    np.testing.assert_array_equal(tensor.values, np.array([[1, 2], [3, 4]], np.float32))


def test_an_output_overrules_its_request() -> None:
    head = {
        "inputs": [],
        "outputs": [{"name": "a", "parameters": {"binary_data": False}}, {"name": "b"}],
        "parameters": {"binary_data_output": True},
    }
    request, _ = decode_request(json.dumps(head).encode(), None)
    assert [request.wants_binary(name) for name in "abc"] == [False, True, True]


PLAIN: dict[str, Any] = {"name": "y", "datatype": "UINT8", "shape": [2], "data": [1, 2]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"datatype": "UINT9"}, "unknown datatype 'UINT9'; known: UINT8"),
        ({"shape": [3]}, r"shape \[3\] takes 3 values, got 2"),
        ({"shape": [-2]}, "not the JSON of this protocol"),
        ({"shape": [1] * 9}, "not the JSON of this protocol"),
        ({"shape": [10**18, 10**18]}, "takes 1000000000000000000000000000000000000 values, got 2"),
        ({"data": [1, 256]}, "outside the range of UINT8"),
        ({"data": [1, -1]}, "outside the range of UINT8"),
        ({"data": [1, 10**30]}, "no array of UINT8"),
        ({"data": [1, 2.5]}, "no array of UINT8"),
        ({"data": [True, False]}, "no array of UINT8"),
        ({"data": [1, None]}, "no array of UINT8"),
        ({"data": ["1", "2"]}, "no array of UINT8"),
        ({"data": [[1], [1, 2]]}, "no array of numbers"),
        ({"data": "AQI="}, "takes 2 values, got 1"),
        ({"data": {"0": 1}}, "takes 2 values, got 1"),
        ({"parameters": {"binary_data_size": -1}}, "must be a whole number, got -1"),
        ({"parameters": {"binary_data_size": True}}, "must be a whole number, got True"),
        ({"parameters": {"binary_data_size": 2}}, "2 bytes announced, 0 left"),
    ],
)
def test_refuses_a_damaged_tensor(change: dict[str, Any], message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode_response(json.dumps({"outputs": [PLAIN | change]}).encode(), None)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b"\xff\xfe", b'{"outputs": [', b"[" * 100_000])
def test_refuses_what_is_no_message(content: bytes) -> None:
    with pytest.raises(CodecError, match="not the JSON of this protocol"):
        decode_response(content, None)


def test_refuses_bottomless_data() -> None:
    deep = (
        b'{"outputs": [{"name": "y", "datatype": "FP32", "shape": [1], "data": '
        + b"[" * 10**5
        + b"]" * 10**5
        + b"}]}"
    )
    with pytest.raises(CodecError):
        decode_response(deep, None)


@pytest.mark.parametrize("size", ["", "-1", "x", "1.5", "1e3", "999999", "9" * 5000, "٣"])
def test_refuses_a_wrong_json_size(size: str) -> None:
    body = encode_request(Tensor("x", np.zeros(3, np.uint8)), output="y", binary=True)
    with pytest.raises(CodecError, match="inference-header-content-length must be 0 to"):
        decode_request(body.content, size)


def test_refuses_bytes_too_few_and_too_many() -> None:
    body = encode_request(Tensor("x", np.zeros((2, 3), np.float32)), output="y", binary=True)
    size = body.headers[JSON_SIZE]
    with pytest.raises(CodecError, match="24 bytes announced, 23 left in the body"):
        decode_request(body.content[:-1], size)
    with pytest.raises(CodecError, match="1 bytes left over behind the last tensor"):
        decode_request(body.content + b"!", size)
    with pytest.raises(CodecError, match=r"FP32 of shape \[2, 9\] takes 72 bytes, got 24"):
        decode_request(body.content.replace(b"[2,3]", b"[2,9]"), size)
