"""Nested dicts of plain values and numpy arrays, written so that a file is either the old state or the new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bbprompt.atomic import write_atomically
from bbprompt.errors import DataError

FORMAT = 4
"""Of the files; another one as soon as anything that a method keeps in its state is called or shaped differently."""

_ARRAY = 1


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` atomically: dicts, lists, strings, bytes, numbers, booleans, None and numpy arrays."""
    write_atomically(path, msgspec.msgpack.encode({"format": FORMAT, "state": state}, enc_hook=_encode))


def load_state(path: Path) -> dict[str, Any]:
    """Read what ``save_state`` wrote, arrays with their dtype and shape.

    Raises:
        DataError: the file is damaged, or of another version's format.
    """
    try:
        written = msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Any], ext_hook=_decode)
    except (msgspec.DecodeError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); {_REMEDY}") from error
    if (found := written.get("format")) != FORMAT:
        raise DataError(f"{path} is from another version of bbprompt: format {found}, expected {FORMAT}; {_REMEDY}")
    state: dict[str, Any] = written["state"]
    return state


_REMEDY = "delete it and resume: paid answers are in the ledger"


def _encode(value: object) -> msgspec.msgpack.Ext:
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"a checkpoint holds plain values and numpy arrays, not {type(value).__name__}")
    header = msgspec.msgpack.encode((value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()))
    return msgspec.msgpack.Ext(_ARRAY, header)


def _decode(code: int, data: memoryview) -> np.ndarray:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    dtype, shape, raw = msgspec.msgpack.decode(data, type=tuple[str, tuple[int, ...], bytes])
    return np.frombuffer(raw, dtype=np.dtype(dtype)).reshape(shape).copy()
