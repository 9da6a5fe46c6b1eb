"""One tensor of the Open Inference Protocol, to and from numpy. Strict: what is not exactly a tensor is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from bbprompt_adapters.json_array import json_array

Values: TypeAlias = npt.NDArray[Any]

DTYPES: dict[str, np.dtype[Any]] = {
    "UINT8": np.dtype("<u1"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
DATATYPES = {dtype: datatype for datatype, dtype in DTYPES.items()}
MAX_RANK = 8


class CodecError(ValueError):
    """Bytes that are no message of this protocol; each side turns it into an error of its own."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array; its dtype is one of ``DTYPES``."""

    name: str
    values: Values

    @property
    def datatype(self) -> str:
        """The protocol's name of the dtype."""
        return DATATYPES[self.values.dtype.newbyteorder("<")]


class WireTensor(msgspec.Struct, omit_defaults=True):
    """A tensor as it stands in a message's JSON; its data is there, or follows the JSON as bytes.

    Of ``parameters`` nothing, and KServe's ``null``, are the same.
    """

    name: str
    shape: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=MAX_RANK)]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @property
    def byte_size(self) -> int | None:
        """How many bytes of the message's tail are this tensor's; ``None`` if its data is in the JSON."""
        size = (self.parameters or {}).get("binary_data_size")
        if size is not None and (type(size) is not int or size < 0):
            raise CodecError(f"tensor {self.name!r}: binary_data_size must be a whole number, got {size!r}")
        return size


def to_wire(tensor: Tensor, *, binary: bool) -> tuple[WireTensor, bytes]:
    """Return a tensor's JSON part and the bytes that go behind the JSON (none, unless ``binary``)."""
    wire = WireTensor(tensor.name, list(tensor.values.shape), tensor.datatype)
    if not binary:
        wire.data = json_array(tensor.values.ravel())
        return wire, b""
    tail = np.ascontiguousarray(tensor.values, DTYPES[tensor.datatype]).tobytes()
    wire.parameters = {"binary_data_size": len(tail)}
    return wire, tail


def from_wire(wire: WireTensor, tail: memoryview | None) -> Tensor:
    """Return the tensor of a JSON part and, where its data came as bytes, those bytes.

    Raises:
        CodecError: an unknown datatype, or data that is not what datatype and shape say.
    """
    if wire.datatype not in DTYPES:
        known = ", ".join(DTYPES)
        raise CodecError(f"tensor {wire.name!r}: unknown datatype {wire.datatype!r}; known: {known}")
    dtype, count = DTYPES[wire.datatype], math.prod(wire.shape)
    flat = _from_json(wire, dtype, count) if tail is None else _from_bytes(wire, dtype, count, tail)
    return Tensor(wire.name, flat.reshape(wire.shape))


def _from_bytes(wire: WireTensor, dtype: np.dtype[Any], count: int, tail: memoryview) -> Values:
    if len(tail) != count * dtype.itemsize:
        raise CodecError(
            f"tensor {wire.name!r}: {wire.datatype} of shape {wire.shape} takes {count * dtype.itemsize} bytes, "
            f"got {len(tail)}"
        )
    return np.frombuffer(tail, dtype)


def _from_json(wire: WireTensor, dtype: np.dtype[Any], count: int) -> Values:
    if wire.data is msgspec.UNSET:
        raise CodecError(f"tensor {wire.name!r} has neither data nor binary_data_size")
    try:
        values = np.array(msgspec.json.decode(wire.data))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise CodecError(f"tensor {wire.name!r}: data is no array of numbers ({error})") from error
    if values.size != count:
        raise CodecError(f"tensor {wire.name!r}: shape {wire.shape} takes {count} values, got {values.size}")
    return _cast(wire, values.ravel(), dtype)


def _cast(wire: WireTensor, values: Values, dtype: np.dtype[Any]) -> Values:
    if values.size == 0:
        return values.astype(dtype)
    if values.dtype.kind not in ("iu" if dtype.kind in "iu" else "iuf"):
        raise CodecError(f"tensor {wire.name!r}: data is no array of {wire.datatype}")
    if dtype.kind in "iu" and not (np.iinfo(dtype).min <= values.min() and values.max() <= np.iinfo(dtype).max):
        raise CodecError(f"tensor {wire.name!r}: data lies outside the range of {wire.datatype}")
    with np.errstate(over="ignore"):
        return values.astype(dtype)
