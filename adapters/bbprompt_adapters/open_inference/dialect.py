"""The Open Inference Protocol, seen by a proxy: the image tensors of requests, the scores of answers.

JSON and binary tensors; whatever else a message holds goes on as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, Scores, as_float32
from bbprompt.proxy.dialect import Fetch, Lay, Message, Refusal, Relabel
from bbprompt_adapters.levels import levels_of
from bbprompt_adapters.open_inference.messages import JSON_SIZE, NUMBER
from bbprompt_adapters.open_inference.pixels import Pixels
from bbprompt_adapters.open_inference.tensors import (
    DTYPES,
    CodecError,
    Tensor,
    Values,
    WireTensor,
    from_wire,
    to_wire,
)

IMAGES = ("UINT8", "FP16", "FP32")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``--option`` of this dialect.

    Attributes:
        input: name of the image input; found by its shape, if left out.
        output: name of the scores that are mapped; the only one, if left out.
        answer: what the scores mean; needed to map them.
        scale, mean, std: how clients make floats of pixels: (pixel * scale - mean) / std. 1/255, 0 and 1 if left out.
    """

    input: str | None = None
    output: str | None = None
    answer: Answer | None = None
    scale: float = 1 / 255
    mean: float | list[float] = 0.0
    std: float | list[float] = 1.0


@dataclass(frozen=True, slots=True)
class Body:
    """A message taken apart: its JSON, and for each tensor of it the bytes behind the JSON, or ``None``."""

    head: dict[str, Any]
    tensors: list[tuple[dict[str, Any], memoryview | None]]


@dataclass(frozen=True, slots=True)
class OpenInference:
    """Requests and answers of ``/v2/models/{model}/infer``."""

    options: Options

    def prompt(self, request: Message, lay: Lay, fetch: Fetch) -> tuple[Message, int]:  # noqa: ARG002
        """See ``Dialect.prompt``; tensors have no address."""
        body = _take_apart(request, "inputs")
        found = [index for index, (wire, _) in enumerate(body.tensors) if self._is_image(wire)]
        if not found:
            raise Refusal("no image found in the request: no input of shape (n, h, w, 3) or (n, 3, h, w)")
        count = 0
        for index in found:
            wire, tail = body.tensors[index]
            prompted = self._prompted(_tensor(wire, tail), lay)
            body.tensors[index] = _wire(wire, prompted, binary=tail is not None)
            count += len(prompted.values)
        return _put_together(request, body, "inputs"), count

    def answers_at(self, path: str) -> bool:  # noqa: ARG002
        """Nowhere: scores come with the answer to their request."""
        return False

    def relabel(self, answer: Message, relabel: Relabel) -> Message:
        """See ``Dialect.relabel``."""
        body = _take_apart(answer, "outputs")
        names = [wire.get("name") for wire, _ in body.tensors]
        chosen = self.options.output if self.options.output is not None or len(names) != 1 else names[0]
        if chosen not in names or self.options.answer is None:
            raise Refusal(
                f"an answer with the outputs {names}, which to map is not clear; say --option output=NAME"
            )
        index = names.index(chosen)
        wire, tail = body.tensors[index]
        values = _tensor(wire, tail).values
        if values.ndim != 2:
            raise Refusal(f"scores of shape {values.shape}, expected (images, labels)")
        mapped = Tensor(str(chosen), relabel(Scores(as_float32(values), self.options.answer)))
        body.tensors[index] = _wire(wire, mapped, binary=tail is not None)
        return _put_together(answer, body, "outputs")

    def check_relabels(self, relabel: Relabel) -> None:  # noqa: ARG002
        """See ``Dialect.check_relabels``."""
        if self.options.answer is None:
            kinds = "logits, probabilities, similarity or label"
            raise ConfigError(f"what the scores mean is not known; say --option answer={kinds}, or --labels pass")

    def _is_image(self, wire: dict[str, Any]) -> bool:
        if self.options.input is not None:
            return bool(wire.get("name") == self.options.input)
        shape = wire.get("shape")
        return wire.get("datatype") in IMAGES and isinstance(shape, list) and len(shape) == 4 and 3 in shape[1::2]

    def _prompted(self, tensor: Tensor, lay: Lay) -> Tensor:
        values = tensor.values
        if values.ndim != 4 or 3 not in (values.shape[1], values.shape[3]) or tensor.datatype not in IMAGES:
            raise Refusal(f"{tensor.name!r} is {tensor.datatype} of shape {values.shape}, expected images")
        last = values.shape[3] == 3
        pixels = Pixels(
            name=tensor.name,
            dtype=DTYPES[tensor.datatype],
            channels_last=last,
            scale=self.options.scale,
            mean=np.asarray(self.options.mean, np.float32),
            std=np.asarray(self.options.std, np.float32),
        )
        return pixels(lay(self._levels(values if last else values.transpose(0, 2, 3, 1))))

    def _levels(self, values: Values) -> UInt8:
        if values.dtype == np.uint8:
            return np.ascontiguousarray(values)
        try:
            return levels_of(values, scale=self.options.scale, mean=self.options.mean, std=self.options.std)
        except ValueError as error:
            raise Refusal(f"{error}; say --option scale, mean and std as the client has them") from error


def open_dialect(options: Mapping[str, object]) -> OpenInference:
    """Return the dialect.

    Raises:
        ConfigError: an option that does not fit.
    """
    return OpenInference(convert(options, Options, where="--option"))


def _take_apart(message: Message, key: str) -> Body:
    size = message.headers.get(JSON_SIZE, str(len(message.content)))
    if not NUMBER.fullmatch(size) or int(size) > len(message.content):
        raise Refusal(f"{JSON_SIZE} must be 0 to {len(message.content)}, got {size[:40]!r}")
    view = memoryview(message.content)
    try:
        head = msgspec.json.decode(view[: int(size)], type=dict[str, Any])
        return Body(head, list(_tensors(head.get(key), view[int(size) :])))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(f"not the JSON of this protocol: {error}") from error


def _tensors(wires: object, tail: memoryview) -> Iterator[tuple[dict[str, Any], memoryview | None]]:
    for wire in msgspec.convert(wires, list[dict[str, Any]]):
        size = (wire.get("parameters") or {}).get("binary_data_size")
        if size is None:
            yield wire, None
        elif type(size) is int and 0 <= size <= len(tail):
            yield wire, tail[:size]
            tail = tail[size:]
        else:
            raise Refusal(f"tensor {wire.get('name')!r}: {size!r} bytes announced, {len(tail)} left in the body")
    if len(tail):
        raise Refusal(f"{len(tail)} bytes left over behind the last tensor")


def _tensor(wire: dict[str, Any], tail: memoryview | None) -> Tensor:
    try:
        data = {"data": msgspec.Raw(msgspec.json.encode(wire["data"]))} if "data" in wire else {}
        return from_wire(msgspec.convert({**wire, **data}, WireTensor), tail)
    except (msgspec.ValidationError, CodecError) as error:
        raise Refusal(str(error)) from error


def _wire(old: dict[str, Any], tensor: Tensor, *, binary: bool) -> tuple[dict[str, Any], memoryview | None]:
    """A tensor in the form in which it came; keys that are not known go on."""
    new, tail = to_wire(tensor, binary=binary)
    told = {**old, "shape": new.shape, "datatype": new.datatype}
    if binary:
        return told | {"parameters": {**old.get("parameters", {}), "binary_data_size": len(tail)}}, memoryview(tail)
    return told | {"data": new.data}, None


def _put_together(message: Message, body: Body, key: str) -> Message:
    head = msgspec.json.encode({**body.head, key: [wire for wire, _ in body.tensors]})
    tails = [tail for _, tail in body.tensors if tail is not None]
    headers = {**message.headers}
    if JSON_SIZE in headers:
        headers[JSON_SIZE] = str(len(head))
    return Message(b"".join([head, *tails]), headers)
