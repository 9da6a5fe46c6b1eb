"""Given: the person says which oracle label stands for which class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.checks import check_fit, label_index
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.names import unknown
from bbprompt.oracle import Answer, OracleSpec, Scores


class Given(OneToOne):
    """Explicit pairs of class and oracle label."""

    __slots__ = ()
    name: ClassVar[str] = "given"

    @classmethod
    def check(
        cls,
        answer: Answer,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        pairs: Mapping[str, str | int] | None = None,
    ) -> None:
        """Refuse pairs that are no map; see ``LabelMap.check`` and ``fit``."""
        super().check(answer, spec=spec, classes=classes)
        _labels(pairs or {}, spec, classes)

    @classmethod
    def fit(
        cls,
        scores: Scores,
        targets: Int,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        rng: np.random.Generator,  # noqa: ARG003
        pairs: Mapping[str, str | int] | None = None,
    ) -> Self:
        """Look the pairs up; the scores are not read.

        Args:
            pairs: for each class, the name of an oracle label, or its number from 0.

        Raises:
            ConfigError: no pairs, an unknown class or label, a class left out, or a label given twice.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        super().check(scores.answer, spec=spec, classes=classes)
        return cls(_labels(pairs or {}, spec, classes), len(spec.labels))


def _labels(pairs: Mapping[str, str | int], spec: OracleSpec, classes: tuple[str, ...]) -> tuple[int, ...]:
    indices = tuple(label_index(label, spec) for label in _in_order(pairs, classes))
    for i, index in enumerate(indices):
        if index in indices[:i]:
            first = classes[indices.index(index)]
            raise ConfigError(
                f"classes {first!r} and {classes[i]!r} were both given the label {spec.labels[index]!r}; "
                "no answer could tell them apart: give each its own"
            )
    return indices


def _in_order(pairs: Mapping[str, str | int], classes: tuple[str, ...]) -> list[str | int]:
    for name in pairs:
        if name not in classes:
            raise unknown("class in the label map's pairs", name, classes)
    missing = [name for name in classes if name not in pairs]
    if missing:
        raise ConfigError(
            f"label map 'given' needs pairs of class and oracle label; {len(missing)} of {len(classes)} classes "
            f"have none, first {missing[0]!r}: add them"
        )
    return [pairs[name] for name in classes]
