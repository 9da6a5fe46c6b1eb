"""What a service lets out: everything, the five most likely labels, or the most likely one alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from bbprompt.arrays import Float, Float32, UInt8
from bbprompt.losses import LOSSES, suitable_loss
from bbprompt.oracle import Answer, Oracle, OracleSpec, Scores

LISTED = 5


@dataclass(frozen=True, slots=True)
class TopFive:
    """Probabilities of the five most likely labels; ties go to the first."""

    oracle: Oracle

    @property
    def spec(self) -> OracleSpec:
        """The oracle's, but for the answer."""
        spec = self.oracle.spec
        return replace(spec, name=f"{spec.name}, top {LISTED}", answer=Answer.TOP_K, top_k=LISTED)

    def query(self, images: UInt8) -> Scores:
        """Score n images; NaN where a label is not listed."""
        p = _probabilities(self.oracle.query(images))
        unlisted = np.argsort(-p, axis=1, kind="stable")[:, LISTED:]
        np.put_along_axis(p, unlisted, np.nan, axis=1)
        return Scores(p, Answer.TOP_K)


@dataclass(frozen=True, slots=True)
class LabelOnly:
    """The most likely label; of equals the first."""

    oracle: Oracle

    @property
    def spec(self) -> OracleSpec:
        """The oracle's, but for the answer."""
        spec = self.oracle.spec
        return replace(spec, name=f"{spec.name}, label only", answer=Answer.LABEL)

    def query(self, images: UInt8) -> Scores:
        """Score n images: one-hot rows."""
        values = self.oracle.query(images).values
        return Scores(np.eye(values.shape[1], dtype=np.float32)[values.argmax(axis=1)], Answer.LABEL)


def _probabilities(scores: Scores) -> Float32:
    p: Float = softmax(scores.log(), axis=1)
    return p.astype(np.float32)


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """How a cell deals with answers of one kind.

    Attributes:
        wrap: puts an oracle behind them.
        answer: all that a loss is told.
    """

    wrap: Callable[[Oracle], Oracle]
    answer: Answer = Answer.PROBABILITIES

    def loss(self, wanted: str) -> str:
        """The method's loss, or what these answers can tell where that needs more."""
        return wanted if self.answer in LOSSES[wanted].accepts else suitable_loss(self.answer)


def as_it_is(oracle: Oracle) -> Oracle:
    """All scores."""
    return oracle


FULL = "full"
"""What the gradient reference sees, whatever a service lets out."""

ANSWERS: dict[str, AnswerKind] = {
    FULL: AnswerKind(as_it_is),
    "top5": AnswerKind(TopFive),
    "label": AnswerKind(LabelOnly, Answer.LABEL),
}
