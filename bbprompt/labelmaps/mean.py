"""Mean of several labels: the multi-label mapping of BAR (Tsai et al. 2020, arXiv 2007.08714, section 3.2).

A class reads the mean probability of m labels of its own, h_y(x) = (1/m) sum_{s in S(y)} p_s(x), and no label serves
two classes. AutoVP (Tsao et al. 2023, arXiv 2310.08381) has the same with iterative refitting. The sets S are chosen
together, by counts of the top label, as ``frequency`` chooses single ones: no other choice sums to more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from array_api_compat import array_namespace, device

from bbprompt.arrays import Array, Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.checks import check_fit, check_one_to_one
from bbprompt.labelmaps.frequency import assign
from bbprompt.labelmaps.one_to_one import check_width
from bbprompt.oracle import Answer, OracleSpec, Scores

SOURCES = 5
"""Labels per class, if there are as many and nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The log of the mean probability of each class's labels.

    Attributes:
        indices: for each class its m labels; distinct over all classes, in 0..width-1.
        width: k, the number of labels of the oracle that it was fitted to.
    """

    name: ClassVar[str] = "mean"
    accepts: ClassVar[frozenset[Answer]] = frozenset(Answer)
    learns: ClassVar[bool] = True
    calibrated: ClassVar[bool] = False

    indices: tuple[tuple[int, ...], ...]
    width: int

    def __post_init__(self) -> None:
        flat = [label for labels in self.indices for label in labels]
        uneven = len({len(labels) for labels in self.indices}) != 1
        if uneven or len(set(flat)) < len(flat) or not all(0 <= label < self.width for label in flat):
            raise ConfigError(
                f"a label map 'mean' needs distinct labels in 0..{self.width - 1}, got {self.indices}"
            )

    @classmethod
    def check(
        cls,
        answer: Answer,  # noqa: ARG003
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        sources: int | None = None,
    ) -> None:
        """Refuse fewer labels than are asked for; any answer will do. See ``LabelMap.check``."""
        check_one_to_one(cls.name, spec=spec, classes=classes)
        c, k = len(classes), len(spec.labels)
        if sources is not None and not 1 <= sources <= k // c:
            raise ConfigError(
                f"label map 'mean' can give each of {c} classes 1 to {k // c} of the {k} labels of {spec.name}, "
                f"got [labels] sources = {sources}"
            )

    @classmethod
    def fit(
        cls,
        scores: Scores,
        targets: Int,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        rng: np.random.Generator,  # noqa: ARG003
        sources: int | None = None,
    ) -> Self:
        """Assign labels by counts. Deterministic: ``rng`` is not drawn from.

        Args:
            sources: m, labels per class; five, or as many as there are for each, if left out.

        Raises:
            ConfigError: fewer labels than are asked for.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        cls.check(scores.answer, spec=spec, classes=classes, sources=sources)
        c, k = len(classes), len(spec.labels)
        m = min(SOURCES, k // c) if sources is None else sources
        flat = assign(scores.log(), targets, c, each=m)
        return cls(tuple(flat[i * m : (i + 1) * m] for i in range(c)), k)

    def __call__(self, log_scores: Array) -> Array:
        """(n, k) log-scores to (n, classes).

        Raises:
            ConfigError: k is not ``width``.
        """
        check_width(self.name, log_scores, self.width)
        xp = array_namespace(log_scores)
        flat = xp.asarray(np.ravel(self.indices), device=device(log_scores))
        theirs = xp.reshape(xp.take(log_scores, flat, axis=1), (log_scores.shape[0], len(self.indices), -1))
        largest = xp.max(theirs, axis=2, keepdims=True)
        return largest[..., 0] + xp.log(xp.mean(xp.exp(theirs - largest), axis=2))

    def state(self) -> dict[str, Any]:
        """Name, indices and width: JSON types only."""
        return {"name": self.name, "indices": [list(labels) for labels in self.indices], "width": self.width}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``, exactly."""
        return cls(tuple(tuple(int(i) for i in labels) for labels in state["indices"]), int(state["width"]))
