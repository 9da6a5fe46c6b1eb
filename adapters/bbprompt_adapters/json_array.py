"""Arrays in JSON: nested as their shape says, each number with the fewest digits that give it back."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import orjson


def json_array(values: npt.NDArray[Any]) -> msgspec.Raw:
    """Write an array of whole numbers or floats; what is not finite becomes ``null``.

    It is written at once, because lists that live on are looked through by the garbage collector again and again.
    """
    native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    return msgspec.Raw(orjson.dumps(native, option=orjson.OPT_SERIALIZE_NUMPY))
