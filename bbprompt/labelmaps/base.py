"""What every label map is: from the oracle's k labels to the task's classes."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

import numpy as np

from bbprompt.arrays import Array, Int
from bbprompt.oracle import Answer, OracleSpec, Scores


class LabelMap(Protocol):
    """A fitted output transformation. Immutable; fitting makes a new one."""

    name: ClassVar[str]
    accepts: ClassVar[frozenset[Answer]]
    learns: ClassVar[bool]
    """Whether the map is refitted from paid answers as the prompt moves."""
    calibrated: ClassVar[bool]
    """Whether its class scores are fitted log-probabilities: then likelihood tells prompts apart better than accuracy,
    and the answers it is fitted to should be those of one prompt."""

    @classmethod
    def check(cls, answer: Answer, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:
        """Refuse what cannot be fitted, before an answer is paid for. ``fit`` checks it, too.

        Raises:
            ConfigError: the kind of answer says too little for this map, or there are too few labels.
        """

    @classmethod
    def fit(
        cls, scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...], rng: np.random.Generator
    ) -> Self:
        """Fit from answers (n, k) and targets (n,) in 0..len(classes)-1.

        Raises:
            ConfigError: as ``check``.
            DataError: a class without an image, targets out of range.
        """

    def __call__(self, log_scores: Array) -> Array:
        """(n, k) log-scores to (n, classes) class scores; numpy or torch; softmax of them is the prediction."""

    def state(self) -> dict[str, Any]:
        """What the PNG's chunk and a checkpoint hold: JSON types only, with the key ``name``."""

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``."""
