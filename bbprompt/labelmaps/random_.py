"""Random one-to-one labels: RLM in Chen et al. 2023 (arXiv 2211.11635), the map that any other should beat."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from bbprompt.arrays import Int
from bbprompt.labelmaps.checks import check_fit
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.oracle import OracleSpec, Scores


class Random(OneToOne):
    """Each class reads a label drawn without replacement."""

    __slots__ = ()
    name: ClassVar[str] = "random"

    @classmethod
    def fit(
        cls, scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...], rng: np.random.Generator
    ) -> Self:
        """Draw the labels; the scores are not read.

        Raises:
            ConfigError: fewer labels than classes.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        cls.check(scores.answer, spec=spec, classes=classes)
        k = len(spec.labels)
        return cls(tuple(rng.choice(k, size=len(classes), replace=False).tolist()), k)
