"""Linear map: class scores = log-scores @ W + b, a multinomial logistic regression on standardised log-scores.

The strength of the penalty is chosen by cross-validation: the smallest mean negative log-likelihood of the images
left out, which is the loss that a prompt is then trained on, and which tells strengths apart where a few dozen
images leave accuracy tied. With one image of some class none can be left out; then a prior under which class scores
vary by about one nat is used.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from array_api_compat import array_namespace, device
from threadpoolctl import threadpool_limits

from bbprompt.arrays import Array, Float, Float32, Int
from bbprompt.labelmaps.checks import check_answer, check_fit
from bbprompt.labelmaps.cross_fit import CrossFit
from bbprompt.labelmaps.logistic import Rotated, fit_path, negative_log_likelihood
from bbprompt.labelmaps.one_to_one import check_width
from bbprompt.oracle import Answer, OracleSpec, Scores

STRENGTHS = tuple(10.0**e for e in np.arange(2.0, -4.25, -0.5))
"""Precisions of the prior that are tried, per input label: class scores vary by 0.1 to 100 nats under them."""

FOLDS = 5

PATIENCE = 2
"""Strengths in a row that may be worse than the best before weaker ones, slow to fit, are left untried."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A multinomial logistic regression, folded into one matrix.

    Attributes:
        weight: float32, shape (k, classes). float32, so that the map in the PNG is the map that was trained.
        offset: float32, shape (classes,).
    """

    name: ClassVar[str] = "linear"
    accepts: ClassVar[frozenset[Answer]] = frozenset(Answer) - {Answer.LABEL}
    learns: ClassVar[bool] = True
    calibrated: ClassVar[bool] = True

    weight: Float32
    offset: Float32

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
        """Standardise, choose the strength, fit, fold the standardisation in. ``rng`` is not drawn from.

        Raises:
            ConfigError: the oracle answers labels only.
            DataError: a class without an image, targets out of range.
        """
        return cls._cross_fit(scores, targets, spec=spec, classes=classes)[0]

    @classmethod
    def cross_fit(cls, scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...]) -> CrossFit:
        """``fit``, and the maps that its cross-validation fitted at the chosen strength.

        Raises:
            ConfigError, DataError: as ``fit``.
        """
        whole, parts, fold = cls._cross_fit(scores, targets, spec=spec, classes=classes)
        return CrossFit(whole, parts, fold)

    @classmethod
    def _cross_fit(
        cls, scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...]
    ) -> tuple[Self, tuple[Self, ...], Int]:
        check_answer(cls.name, scores.answer, cls.accepts, instead="the map 'frequency' or 'iterative'")
        check_fit(scores, targets, spec=spec, classes=classes)
        log_scores, c = scores.log(), len(classes)
        mean, spread = log_scores.mean(axis=0), _spread(log_scores)
        # One thread: these matrices are small, and on a busy machine threads that wait for each other take minutes.
        with threadpool_limits(limits=1, user_api="blas"):
            rotated = Rotated.of((log_scores - mean) / spread)
            path = [strength * log_scores.shape[1] for strength in STRENGTHS]
            fold = _folds(targets, c=c)
            best, without = _choose(rotated.coordinates, targets, fold, c=c, path=path)
            *_, fitted = fit_path(rotated.coordinates, targets, c=c, strengths=path[: best + 1], tolerance=1e-6)
            whole, *parts = (cls._unrotated(weights, rotated, mean, spread) for weights in (fitted, *without))
        return whole, tuple(parts) or (whole,), fold

    @classmethod
    def _unrotated(cls, fitted: Float, rotated: Rotated, mean: Float, spread: Float) -> Self:
        weight = (rotated.basis.T @ fitted[:-1] / spread[:, None]).astype(np.float32)
        return cls(weight, (fitted[-1] - mean @ weight).astype(np.float32))

    def __call__(self, log_scores: Array) -> Array:
        """(n, k) log-scores to (n, classes), in the dtype and on the device of ``log_scores``.

        Raises:
            ConfigError: k is not the number of labels that it was fitted to.
        """
        check_width(self.name, log_scores, len(self.weight))
        xp, where = array_namespace(log_scores), device(log_scores)
        weight = xp.asarray(self.weight, dtype=log_scores.dtype, device=where)
        return log_scores @ weight + xp.asarray(self.offset, dtype=log_scores.dtype, device=where)

    def state(self) -> dict[str, Any]:
        """Name, number of classes, and the little-endian float32 of weight and offset in base64: exact."""
        return {
            "name": self.name,
            "classes": len(self.offset),
            "weight": _pack(self.weight),
            "offset": _pack(self.offset),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from ``state()``, exactly."""
        c = int(state["classes"])
        return cls(_unpack(state["weight"], (-1, c)), _unpack(state["offset"], (c,)))


def _spread(log_scores: Float) -> Float:
    """Standard deviations, none below a thousandth of the largest.

    A label that hardly moves on these images would otherwise be blown up, and prompted images leave their range.
    """
    spread = log_scores.std(axis=0)
    largest = float(spread.max())
    return np.asarray(np.maximum(spread, 1e-3 * largest if largest > 0 else 1.0))


def _choose(z: Float, targets: Int, fold: Int, *, c: int, path: list[float]) -> tuple[int, list[Float]]:
    """Return the place on the path with the smallest loss of left-out images, and the fits without each fold there."""
    if not fold.any():
        return STRENGTHS.index(1.0), []
    outs = [fold == i for i in range(fold.max() + 1)]
    paths = [fit_path(z[~out], targets[~out], c=c, strengths=path, tolerance=1e-3) for out in outs]
    losses: list[float] = []
    best: list[Float] = []
    for fits in zip(*paths, strict=True):
        held_out = (negative_log_likelihood(z[o], targets[o], w).sum() for o, w in zip(outs, fits, strict=True))
        losses.append(float(sum(held_out)))
        if losses[-1] == min(losses):
            best = list(fits)
        if len(losses) - int(np.argmin(losses)) > PATIENCE:
            break
    return int(np.argmin(losses)), best


def _folds(targets: Int, *, c: int) -> Int:
    """For each image the fold that leaves it out, every class in all of them; all 0 where there can be only one.

    A fold is a stretch of the answers as they came, not a random draw: when an image was scored several times in a
    row, as in antithetic pairs, its answers stay together, and no fold is judged on images that it was fitted to.
    """
    folds = min(FOLDS, int(np.bincount(targets, minlength=c).min()))
    fold = np.zeros(len(targets), dtype=np.int64)
    for number in range(c):
        members = np.flatnonzero(targets == number)
        fold[members] = np.arange(len(members)) * folds // len(members)
    return fold


def _pack(values: Float32) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpack(text: str, shape: tuple[int, ...]) -> Float32:
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
    return raw.reshape(shape).astype(np.float32)
