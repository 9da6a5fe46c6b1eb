"""Affine maps: class scores = log-scores @ weight + offset. They differ in how the two are found."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from array_api_compat import array_namespace, device

from bbprompt.arrays import Array, Float32
from bbprompt.labelmaps.one_to_one import check_width
from bbprompt.oracle import Answer, OracleSpec
from bbprompt.rounded import raised


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """What all affine maps share: how they are applied, stored and rebuilt.

    Attributes:
        weight: float32, shape (k, classes). float32, so that the map in the PNG is the map that was trained.
        offset: float32, shape (classes,).
        floor: the log-score that lower ones count as; ``None`` for none.
    """

    name: ClassVar[str]
    accepts: ClassVar[frozenset[Answer]] = frozenset(Answer)
    learns: ClassVar[bool] = True
    calibrated: ClassVar[bool] = False

    weight: Float32
    offset: Float32
    floor: float | None = None

    @classmethod
    def check(cls, answer: Answer, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:
        """Refuse nothing: any answer will do, of however many labels. See ``LabelMap.check``."""

    def __call__(self, log_scores: Array) -> Array:
        """(n, k) log-scores to (n, classes), in the dtype and on the device of ``log_scores``.

        Raises:
            ConfigError: k is not the number of labels that it was fitted to.
        """
        check_width(self.name, log_scores, len(self.weight))
        xp, where = array_namespace(log_scores), device(log_scores)
        log_scores = raised(log_scores, self.floor)
        weight = xp.asarray(self.weight, dtype=log_scores.dtype, device=where)
        return log_scores @ weight + xp.asarray(self.offset, dtype=log_scores.dtype, device=where)

    def state(self) -> dict[str, Any]:
        """Name, number of classes, the little-endian float32 of weight and offset in base64, a floor if any: exact."""
        state = {
            "name": self.name,
            "classes": len(self.offset),
            "weight": _pack(self.weight),
            "offset": _pack(self.offset),
        }
        return state if self.floor is None else {**state, "floor": self.floor}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``, exactly."""
        c = int(state["classes"])
        return cls(_unpack(state["weight"], (-1, c)), _unpack(state["offset"], (c,)), _floor(state.get("floor")))


def _floor(value: object) -> float | None:
    """A finite number or nothing.

    Raises:
        ValueError: anything else.
    """
    if value is not None and not (isinstance(value, float | int) and math.isfinite(value)):
        raise ValueError(f"floor {value!r} is no finite number")
    return value


def _pack(values: Float32) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpack(text: str, shape: tuple[int, ...]) -> Float32:
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
    return raw.reshape(shape).astype(np.float32)
