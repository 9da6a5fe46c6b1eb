"""Identity: the oracle's labels are the classes already, by name, or by position where there are as many."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.checks import check_fit, label_index
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.oracle import Answer, OracleSpec, Scores


class Identity(OneToOne):
    """Each class reads the label of its own name; failing all names, class i reads label i if k == classes.

    Names are compared in lower case, with underscores as spaces.
    """

    __slots__ = ()
    name: ClassVar[str] = "identity"

    @classmethod
    def check(cls, answer: Answer, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:
        """Refuse names of which some match and some do not, or none; see ``LabelMap.check``."""
        super().check(answer, spec=spec, classes=classes)
        _labels(spec, classes)

    @classmethod
    def fit(
        cls,
        scores: Scores,
        targets: Int,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        rng: np.random.Generator,  # noqa: ARG003
    ) -> Self:
        """Match names or positions; the scores are not read.

        Raises:
            ConfigError: some names match and some do not, or none match and k differs from the classes.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        super().check(scores.answer, spec=spec, classes=classes)
        return cls(_labels(spec, classes), len(spec.labels))


def _labels(spec: OracleSpec, classes: tuple[str, ...]) -> tuple[int, ...]:
    labels = {_plain(label) for label in spec.labels}
    strangers = [name for name in classes if _plain(name) not in labels]
    if not strangers:
        return tuple(label_index(name, spec, normal=_plain) for name in classes)
    if len(strangers) == len(classes) == len(spec.labels):
        return tuple(range(len(classes)))
    raise ConfigError(
        f"label map 'identity' found no label {strangers[0]!r} among the {len(spec.labels)} of {spec.name} "
        f"({len(strangers)} of {len(classes)} classes are missing); use 'given', 'frequency' or 'linear'"
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")
