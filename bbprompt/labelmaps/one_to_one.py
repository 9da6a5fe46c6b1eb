"""Hard maps: each class reads one column of the oracle's log-scores, and no two classes read the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from array_api_compat import array_namespace, device

from bbprompt.arrays import Array
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.checks import check_one_to_one
from bbprompt.oracle import Answer, OracleSpec


@dataclass(frozen=True, slots=True)
class OneToOne:
    """What all hard maps share: how they are applied, stored and rebuilt. They differ in how they are fitted.

    Attributes:
        indices: the oracle label that each class reads; distinct, in 0..width-1.
        width: k, the number of labels of the oracle that it was fitted to.
    """

    name: ClassVar[str]
    accepts: ClassVar[frozenset[Answer]] = frozenset(Answer)
    learns: ClassVar[bool] = False
    calibrated: ClassVar[bool] = False

    indices: tuple[int, ...]
    width: int

    def __post_init__(self) -> None:
        if len(set(self.indices)) < len(self.indices):
            raise ConfigError(f"a label map {self.name!r} needs one label per class, got {self.indices} twice over")
        if min(self.indices) < 0 or max(self.indices) >= self.width:
            raise ConfigError(f"a label map {self.name!r} needs labels in 0..{self.width - 1}, got {self.indices}")

    @classmethod
    def check(cls, answer: Answer, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:  # noqa: ARG003
        """Refuse fewer labels than classes; any answer will do. See ``LabelMap.check``."""
        check_one_to_one(cls.name, spec=spec, classes=classes)

    def __call__(self, log_scores: Array) -> Array:
        """(n, k) log-scores to (n, classes): the columns of ``indices``.

        Raises:
            ConfigError: k is not ``width``.
        """
        check_width(self.name, log_scores, self.width)
        xp = array_namespace(log_scores)
        return xp.take(log_scores, xp.asarray(self.indices, device=device(log_scores)), axis=1)

    def state(self) -> dict[str, Any]:
        """Name, indices and width: JSON types only."""
        return {"name": self.name, "indices": list(self.indices), "width": self.width}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``, exactly."""
        return cls(tuple(int(i) for i in state["indices"]), int(state["width"]))


def check_width(name: str, log_scores: Array, width: int) -> None:
    """Refuse log-scores whose shape is not (n, ``width``).

    Raises:
        ConfigError: the map was fitted to another oracle.
    """
    if log_scores.ndim != 2 or log_scores.shape[1] != width:
        raise ConfigError(
            f"this label map {name!r} reads {width} labels, got scores of shape {tuple(log_scores.shape)}; "
            "it was fitted to another oracle: fit it again"
        )
