"""Bayesian-guided label mapping (BLM, BLM+): Cai et al. 2024, NeurIPS, arXiv 2410.24018, section 4.

Every label s tells of every class y as often as they were seen together,

    w[s, y] = P(y | s) = N[s, y] / (sum_y N[s, y] + lambda),    then each class's column is divided by its sum,

and class scores are log-scores @ w, as the authors' code does. BLM counts top labels: N[s, y] is how many images of
class y were answered with s. BLM+ adds up probabilities instead, of each image's K likeliest labels. lambda = 1 and
K = 0.15 times the number of classes are the paper's. The columns sum to one, so that logits and log-probabilities,
which differ by the same amount for all labels, give the same prediction.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from scipy.special import softmax

from bbprompt.arrays import Float, Int
from bbprompt.labelmaps.affine import Affine
from bbprompt.labelmaps.checks import check_answer, check_fit
from bbprompt.labelmaps.top import top_labels
from bbprompt.oracle import Answer, OracleSpec, Scores

SMOOTHING = 1.0
"""lambda: what each label is seen more often than it was, so that those hardly seen hardly count."""

TOP_SHARE = 0.15
"""K as a share of the number of classes."""


class Bayesian(Affine):
    """BLM: from counts of the top label. Any kind of answer will do."""

    __slots__ = ()
    name: ClassVar[str] = "bayesian"

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
        """Count, smooth, normalise. ``rng`` is not drawn from.

        Raises:
            ConfigError: the answers say too little.
            DataError: a class without an image, targets out of range.
        """
        cls.check(scores.answer, spec=spec, classes=classes)
        check_fit(scores, targets, spec=spec, classes=classes)
        c = len(classes)
        together = cls.votes(scores.log(), c).T @ np.eye(c)[targets]
        weight = together / (together.sum(axis=1, keepdims=True) + SMOOTHING)
        weight /= weight.sum(axis=0)
        return cls(weight.astype(np.float32), np.zeros(c, dtype=np.float32))

    @staticmethod
    def votes(log_scores: Float, c: int) -> Float:  # noqa: ARG004
        """How much of each image (n) each label (k) gets, float64, shape (n, k): all of it for the top label."""
        votes = np.zeros(log_scores.shape)
        votes[top_labels(log_scores)] = 1.0
        return votes


class BayesianPlus(Bayesian):
    """BLM+: from the probabilities of the likeliest labels."""

    __slots__ = ()
    name: ClassVar[str] = "bayesian+"
    accepts: ClassVar[frozenset[Answer]] = frozenset(Answer) - {Answer.LABEL}

    @classmethod
    def check(cls, answer: Answer, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:  # noqa: ARG003
        """Refuse labels alone, which have no probabilities to add up; see ``LabelMap.check``."""
        check_answer(cls.name, answer, cls.accepts, instead="'linear' or 'bayesian'")

    @staticmethod
    def votes(log_scores: Float, c: int) -> Float:
        """The probabilities of each image's K likeliest labels, 0 for the others: float64, shape (n, k)."""
        probabilities = softmax(log_scores, axis=1)
        k = probabilities.shape[1]
        keep = min(max(1, int(TOP_SHARE * c)), k)
        rank = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1)
        return np.asarray(np.where(rank < keep, probabilities, 0.0))
