"""Requests and responses of the Open Inference Protocol: one JSON object, and behind it the binary tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from bbprompt_adapters.open_inference.tensors import CodecError, Tensor, WireTensor, from_wire, to_wire

JSON_SIZE = "inference-header-content-length"
"""The header that gives the JSON's length in bytes where binary tensors follow it."""

NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Body:
    """What goes over the wire: the bytes, and the headers that say how to read them."""

    content: bytes
    headers: dict[str, str]


class WireOutput(msgspec.Struct, omit_defaults=True):
    """An output that a request asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class WireRequest(msgspec.Struct, omit_defaults=True):
    """The JSON of a request."""

    inputs: list[WireTensor]
    outputs: list[WireOutput] = []
    id: str | None = None
    parameters: dict[str, Any] | None = None

    def wants_binary(self, output: str) -> bool:
        """Whether ``output`` shall come as bytes: its own parameter says so, else the request's."""
        default = (self.parameters or {}).get("binary_data_output", False)
        asked = [wanted.parameters or {} for wanted in self.outputs if wanted.name == output]
        own = [parameters.get("binary_data", default) for parameters in asked]
        return bool(own[0] if own else default)


class WireResponse(msgspec.Struct, omit_defaults=True):
    """The JSON of a response."""

    outputs: list[WireTensor]
    model_name: str = ""
    model_version: str | None = None
    id: str | None = None


W = TypeVar("W", WireRequest, WireResponse)


def encode_request(tensor: Tensor, *, output: str, binary: bool) -> Body:
    """Return the request that sends one input and asks for one output; both as bytes, or both as JSON."""
    wire, tail = to_wire(tensor, binary=binary)
    asked = WireOutput(output, {"binary_data": True} if binary else None)
    return _frame(WireRequest([wire], [asked]), tail)


def decode_request(content: bytes, json_size: str | None) -> tuple[WireRequest, list[Tensor]]:
    """Return a request and its inputs; ``json_size`` is the value of the header ``JSON_SIZE``.

    Raises:
        CodecError: the content is no request.
    """
    request, tail = _unframe(content, json_size, WireRequest)
    return request, _tensors(request.inputs, tail)


def encode_response(response: WireResponse, outputs: Sequence[tuple[Tensor, bool]]) -> Body:
    """Return a response that carries each output as bytes or, where its flag is false, as JSON."""
    parts = [to_wire(tensor, binary=binary) for tensor, binary in outputs]
    response.outputs = [wire for wire, _ in parts]
    return _frame(response, b"".join(tail for _, tail in parts))


def decode_response(content: bytes, json_size: str | None) -> list[Tensor]:
    """Return the outputs of a response, in the form that its own headers declare.

    Raises:
        CodecError: the content is no response.
    """
    response, tail = _unframe(content, json_size, WireResponse)
    return _tensors(response.outputs, tail)


def _frame(message: WireRequest | WireResponse, tail: bytes) -> Body:
    head = msgspec.json.encode(message)
    if not tail:
        return Body(head, {"content-type": "application/json"})
    return Body(head + tail, {"content-type": "application/octet-stream", JSON_SIZE: str(len(head))})


def _unframe(content: bytes, json_size: str | None, kind: type[W]) -> tuple[W, memoryview]:
    size = len(content)
    if json_size is not None:
        if not NUMBER.fullmatch(json_size) or int(json_size) > len(content):
            raise CodecError(f"{JSON_SIZE} must be 0 to {len(content)}, the body's bytes, got {json_size[:40]!r}")
        size = int(json_size)
    view = memoryview(content)
    try:
        return msgspec.json.decode(view[:size], type=kind), view[size:]
    except (msgspec.DecodeError, RecursionError) as error:
        raise CodecError(f"not the JSON of this protocol: {error}") from error


def _tensors(wires: Sequence[WireTensor], tail: memoryview) -> list[Tensor]:
    return list(_take(wires, tail))


def _take(wires: Sequence[WireTensor], tail: memoryview) -> Iterator[Tensor]:
    for wire in wires:
        size = wire.byte_size
        if size is not None and size > len(tail):
            raise CodecError(f"tensor {wire.name!r}: {size} bytes announced, {len(tail)} left in the body")
        yield from_wire(wire, None if size is None else tail[:size])
        tail = tail[size or 0 :]
    if len(tail):
        raise CodecError(f"{len(tail)} bytes left over behind the last tensor")
