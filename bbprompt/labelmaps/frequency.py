"""Frequency and iterative label maps (FLM, ILM): Chen et al. 2023, arXiv 2211.11635, sections 3 and 4.

Count how often the images of class y are answered with label s as the most likely one: N[y, s]. FLM picks labels
s(y), one for each class and none twice, from the counts; the paper picks greedily, largest count first. Here the
assignment is optimal, max over one-to-one s of sum_y N[y, s(y)] (Kuhn 1955; scipy's solver): no other choice of
labels classifies more of the images by their top label. Counts leave many ties, above all with few images; among
equal sums the largest sum of log-scores decides.

ILM is the same fit, made again as the prompt moves.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from scipy.optimize import linear_sum_assignment

from bbprompt.arrays import Float, Int
from bbprompt.labelmaps.checks import check_fit
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.labelmaps.top import top_labels
from bbprompt.oracle import OracleSpec, Scores


class Frequency(OneToOne):
    """The best one-to-one map by counts of the top label, fitted once."""

    __slots__ = ()
    name: ClassVar[str] = "frequency"

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
        """Assign labels by counts. Deterministic: ``rng`` is not drawn from.

        Raises:
            ConfigError: fewer labels than classes.
            DataError: a class without an image, targets out of range.
        """
        check_fit(scores, targets, spec=spec, classes=classes)
        cls.check(scores.answer, spec=spec, classes=classes)
        return cls(assign(scores.log(), targets, len(classes)), len(spec.labels))


class Iterative(Frequency):
    """The same fit, refitted from paid answers as the prompt moves."""

    __slots__ = ()
    name: ClassVar[str] = "iterative"
    learns: ClassVar[bool] = True
    calibrated: ClassVar[bool] = False


def assign(log_scores: Float, targets: Int, c: int, *, each: int = 1) -> tuple[int, ...]:
    """Return the labels of each class: the largest sum of counts; between equals, of log-scores.

    Args:
        log_scores: float64, shape (n, k), finite.
        targets: int64, shape (n,), in 0..c-1.
        c: number of classes.
        each: labels for each class; c * each is at most k.

    Returns:
        c * each distinct labels, those of one class in a row.
    """
    rows, top = top_labels(log_scores)
    counts = np.zeros((c, log_scores.shape[1]))
    np.add.at(counts, (targets[rows], top), 1)
    sums = np.eye(c)[targets].T @ log_scores
    # c * each of these add up to less than one count, so they decide between equal sums of counts and nothing else.
    ties = (sums - sums.min()) / (max(float(np.ptp(sums)), 1e-300) * (c * each + 1))
    _, labels = linear_sum_assignment(np.repeat(counts + ties, each, axis=0), maximize=True)
    return tuple(labels.tolist())
