"""Semantic: each class reads the label whose name means the most like its own; and swapped, which is wrong on purpose.

Bahng et al. 2022 (arXiv 2203.17274, section 6.3) map dogs and cats to ImageNet's dogs and cats, and then the other
way round, to see what a map's meaning is worth; AutoVP (Tsao et al. 2023, arXiv 2310.08381) chooses labels by text
embeddings. Here: max over one-to-one s of sum_y cos(e(y), e(s(y))), solved exactly (Kuhn 1955; scipy's solver).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Self, TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from bbprompt.arrays import Float, Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.checks import check_fit
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.oracle import Answer, OracleSpec, Scores

TextEncoder: TypeAlias = Callable[[Sequence[str]], Float]
"""From n texts to float embeddings (n, e), none of them zero."""


class Semantic(OneToOne):
    """The one-to-one map whose names are closest in meaning."""

    __slots__ = ()
    name: ClassVar[str] = "semantic"

    @classmethod
    def check(
        cls,
        answer: Answer,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        text: TextEncoder | None = None,
    ) -> None:
        """Refuse no encoder, and names that it does not know; see ``LabelMap.check``."""
        super().check(answer, spec=spec, classes=classes)
        cls._labels(spec, classes, text)

    @classmethod
    def fit(
        cls,
        scores: Scores,
        targets: Int,
        *,
        spec: OracleSpec,
        classes: tuple[str, ...],
        rng: np.random.Generator,  # noqa: ARG003
        text: TextEncoder | None = None,
    ) -> Self:
        """Compare names; the scores are not read.

        Args:
            text: embeds names, which it gets with underscores as spaces.

        Raises:
            ConfigError: no encoder, or fewer labels than classes.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        super().check(scores.answer, spec=spec, classes=classes)
        return cls(cls._labels(spec, classes, text), len(spec.labels))

    @classmethod
    def _labels(cls, spec: OracleSpec, classes: tuple[str, ...], text: TextEncoder | None) -> tuple[int, ...]:
        if text is None:
            raise ConfigError(
                f"label map {cls.name!r} compares meanings and needs a text encoder; "
                'set [labels] text, as in text = "npz:FILE" or text = "minilm-l6-v2"'
            )
        likeness = _unit(text([*map(_words, classes)])) @ _unit(text([*map(_words, spec.labels)])).T
        return cls.order(linear_sum_assignment(likeness, maximize=True)[1].tolist())

    @staticmethod
    def order(labels: Sequence[int]) -> tuple[int, ...]:
        """Which class reads which of the labels found: each its own."""
        return tuple(labels)


class Swapped(Semantic):
    """The semantic map with the labels handed on: each class reads the next one's. With two, they are swapped."""

    __slots__ = ()
    name: ClassVar[str] = "swapped"

    @staticmethod
    def order(labels: Sequence[int]) -> tuple[int, ...]:
        """Which class reads which of the labels found: the next one's."""
        return (*labels[1:], labels[0])


def _words(name: str) -> str:
    return name.replace("_", " ").strip()


def _unit(vectors: Float) -> Float:
    vectors = np.asarray(vectors, dtype=np.float64)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
