"""An oracle is a frozen classifier seen from outside: bytes in, scores out, and nothing else of the model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from bbprompt.arrays import Bool, Float, Float32, UInt8
from bbprompt.errors import AnswerError, DataError

if TYPE_CHECKING:
    import torch

FLOOR = 1e-12
"""Smallest probability that is told apart from zero when log-scores are taken."""


class Answer(StrEnum):
    """What an oracle's scores mean. Losses and label maps that need more than this refuse, by name."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    TOP_K = "top_k"
    TAGS = "tags"
    SIMILARITY = "similarity"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class OracleSpec:
    """What is known of an oracle before it is asked.

    Attributes:
        name: identity of the model behind the answers (adapter, address, model, version). Two oracles with the
            same name give the same answer for the same bytes: the ledger's cache relies on it.
        input_size: (height, width) in pixels of the images it takes.
        labels: its k labels, in the order of the scores' columns.
        answer: what the scores mean.
        max_batch: most images in one request.
        max_in_flight: most requests that may be under way at once.
        usd_per_query: price of one image in US dollars; ``None`` where it is unknown (never shown as 0).
        top_k: with ``Answer.TOP_K``, how many labels an answer lists.
        usd_per_request: price of one request in US dollars, on top of its images; where a service charges by tokens
            or seconds, the most that a request may cost.
        unlisted: with ``Answer.TAGS``, the score that stands for a label that was not listed: it lies below the
            service's threshold, and nothing more is known of it.
        open_vocabulary: whether answers may list labels beyond ``labels``, which are then left out.
        requests_per_minute: most requests to start in a minute; ``None`` for no limit.
        varies: whether the same bytes get another answer each time, so that each is asked for anew.
    """

    name: str
    input_size: tuple[int, int]
    labels: tuple[str, ...]
    answer: Answer
    max_batch: int = 1
    max_in_flight: int = 1
    usd_per_query: float | None = None
    top_k: int | None = None
    usd_per_request: float = 0.0
    unlisted: float | None = None
    open_vocabulary: bool = False
    requests_per_minute: float | None = None
    varies: bool = False

    def usd(self, queries: int, *, requests: int | None = None) -> float | None:
        """Price of so many images in US dollars, in so many requests (as few as can be, if left out)."""
        if self.usd_per_query is None:
            return None
        sent = -(-queries // self.max_batch) if requests is None else requests
        return queries * self.usd_per_query + sent * self.usd_per_request


@dataclass(frozen=True, slots=True)
class Scores:
    """The answers to n images.

    Attributes:
        values: float32, shape (n, k). Logits, probabilities in [0, 1], similarities, or one-hot labels; with
            ``Answer.TOP_K``, probabilities with NaN where a label was not listed; with ``Answer.TAGS``, confidences
            in [0, 1] that need not add up to 1, ``spec.unlisted`` where a label was not listed.
        answer: what the values mean.
        usd: US dollars that the service says these answers cost; ``None`` if it does not say.
    """

    values: Float32
    answer: Answer
    usd: float | None = None

    def __len__(self) -> int:
        return len(self.values)

    def blank(self) -> Bool:
        """Whether an answer ranks no label above another, as where a service names none: shape (n,)."""
        return np.asarray((self.values == self.values[:, :1]).all(axis=1) & (self.values.shape[1] > 1))

    def log(self) -> Float:
        """Log-scores, float64, shape (n, k): the one form that label maps and losses read.

        Logits become log-probabilities, none below log(FLOOR); similarities stay as they are; a label that a
        top-k answer left out gets an equal share of the residual mass, and never more than the smallest listed
        one (it was not listed, so it cannot be larger); one-hot labels become 0 and log(FLOOR).
        """
        values = self.values.astype(np.float64)
        match self.answer:
            case Answer.LOGITS:
                return np.asarray(np.clip(log_softmax(values, axis=1), np.log(FLOOR), None))
            case Answer.SIMILARITY:
                return values
            case Answer.TOP_K:
                values = _fill_residual(values)
        return np.asarray(np.log(np.clip(values, FLOOR, None)))


def _fill_residual(values: Float) -> Float:
    missing = np.isnan(values)
    listed = np.where(missing, 0.0, values).sum(axis=1, keepdims=True)
    smallest = np.where(missing, np.inf, values).min(axis=1, keepdims=True)
    share = np.clip(1.0 - listed, 0.0, None) / np.clip(missing.sum(axis=1, keepdims=True), 1, None)
    return np.where(missing, np.minimum(share, smallest), values)


class Oracle(Protocol):
    """A frozen classifier that answers images with scores."""

    @property
    def spec(self) -> OracleSpec:
        """What is known of it before it is asked."""

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3), RGB, at ``spec.input_size``. Each image is one query.

        Raises:
            OracleError: the query failed; the error says whether it may have been billed.
            UsageError, BudgetExhausted: it cannot be asked. Nothing was sent, so nothing is counted.
        """


@runtime_checkable
class DifferentiableOracle(Oracle, Protocol):
    """An oracle that a gradient can pass through."""

    device: torch.device

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (n, k) of images (n, 3, h, w) in [0, 1], differentiable in the images only."""


def check_images(images: UInt8, spec: OracleSpec) -> None:
    """Refuse images that ``spec`` does not describe.

    Raises:
        DataError: the dtype or the shape is wrong.
    """
    h, w = spec.input_size
    if images.dtype != np.uint8:
        raise DataError(f"images must be uint8 in 0..255, got {images.dtype}; multiply by 255 and round first")
    if images.ndim != 4 or images.shape[1:] != (h, w, 3):
        raise DataError(
            f"images must have shape (n, {h}, {w}, 3) for {spec.name}, got {images.shape}; "
            "resize them, and convert grey or RGBA images to RGB"
        )


def check_request(images: UInt8, spec: OracleSpec) -> None:
    """Refuse images that do not make one request: as ``check_images``, and 1 to ``spec.max_batch`` of them.

    Raises:
        DataError: the dtype, the shape or the number is wrong.
    """
    check_images(images, spec)
    if not 1 <= len(images) <= spec.max_batch:
        raise DataError(f"a request takes 1 to {spec.max_batch} images, got {len(images)}; split them")


def as_float32(values: npt.ArrayLike) -> Float32:
    """Answers as ``Scores`` hold them. What a float32 cannot hold becomes infinite, which ``check_scores`` refuses."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=np.float32)


def check_scores(scores: Scores, spec: OracleSpec, n: int) -> Scores:
    """Return ``scores`` if they can be an answer to n images under ``spec``.

    Raises:
        AnswerError: wrong shape, NaN or infinity, or probabilities outside [0, 1].
    """
    values, k = scores.values, len(spec.labels)
    if values.shape != (n, k):
        raise AnswerError(
            f"{spec.name} answered scores of shape {values.shape}, expected ({n}, {k}): one row per image and "
            "one column per label; check the oracle's labels"
        )
    bad = np.isinf(values) if scores.answer is Answer.TOP_K else ~np.isfinite(values)
    if scores.answer is Answer.TOP_K:
        bad |= np.isnan(values).all(axis=1, keepdims=True)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise AnswerError(
            f"{spec.name} answered NaN or infinity for image {row} of {n}, expected finite scores; "
            "the model behind it is broken for this input"
        )
    if scores.answer in (Answer.PROBABILITIES, Answer.TOP_K, Answer.TAGS):
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if low < -1e-3 or high > 1 + 1e-3:
            raise AnswerError(
                f"{spec.name} answered {low:.4g} to {high:.4g} where probabilities in [0, 1] were expected; "
                "declare its answer as logits or similarity, or scale it"
            )
    return scores


def count_blank(scores: Scores, spec: OracleSpec) -> int:
    """Return how many of n answers rank no label above another; none can be learned from when all do.

    Raises:
        AnswerError: all do.
    """
    found = int(scores.blank().sum())
    if found == len(scores) > 0:
        raise AnswerError(
            f"{spec.name} named no label for any of {found} images, so that there is nothing to learn from; check that "
            "[oracle] labels are written as it writes them, and what [oracle] unanswered lets pass; then begin in "
            "another folder, as these answers are kept"
        )
    return found
