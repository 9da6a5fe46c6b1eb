"""Linear map: class scores = log-scores @ W + b, a multinomial logistic regression on standardised log-scores.

The strength of the penalty is chosen by cross-validation, and so is what a 0 counts as where a service rounds: the
smallest mean negative log-likelihood of the images left out, which is the loss that a prompt is then trained on, and
which tells strengths apart where a few dozen images leave accuracy tied. With one image of some class none can be left
out; then a prior under which class scores vary by about one nat is used, and a rounded 0 is raised.

The same family of maps as the fully connected layer of AutoVP (Tsao et al. 2023, arXiv 2310.08381, section 3), which
trains it by gradients together with the prompt and without a prior. Here the two alternate: the map is refitted to
its minimum from answers that are there anyway, which works where no gradient does.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self

import numpy as np
from threadpoolctl import threadpool_limits

from bbprompt.arrays import Float, Int
from bbprompt.labelmaps.affine import Affine
from bbprompt.labelmaps.checks import check_fit
from bbprompt.labelmaps.cross_fit import CrossFit
from bbprompt.labelmaps.inputs import Inputs, floors
from bbprompt.labelmaps.logistic import fit_path, negative_log_likelihood
from bbprompt.oracle import OracleSpec, Scores

STRENGTHS = tuple(10.0**e for e in np.arange(2.0, -4.25, -0.5))
"""Precisions of the prior that are tried, per input label: class scores vary by 0.1 to 100 nats under them."""

FOLDS = 5

PATIENCE = 2
"""Strengths in a row that may be worse than the best before weaker ones, slow to fit, are left untried."""

GUESSED = 0.9
"""Of a guess's loss, log(c) nats: above that nothing has been learned yet, and what is worse there is so by chance.

Sparse answers, as the top few of a thousand labels, say nothing for many strengths before they say a lot."""


class Linear(Affine):
    """A multinomial logistic regression, folded into one matrix."""

    __slots__ = ()
    name: ClassVar[str] = "linear"
    calibrated: ClassVar[bool] = True

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
            ConfigError: fewer than two classes.
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
        return CrossFit(whole, parts, fold, scores, targets)

    @classmethod
    def _cross_fit(
        cls, scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...]
    ) -> tuple[Self, tuple[Self, ...], Int]:
        check_fit(scores, targets, spec=spec, classes=classes)
        c, fold = len(classes), _folds(targets, c=len(classes))
        path = [strength * scores.values.shape[1] for strength in STRENGTHS]
        # One thread: these matrices are small, and on a busy machine threads that wait for each other take minutes.
        with threadpool_limits(limits=1, user_api="blas"):
            tried = [Inputs.of(scores, floor) for floor in floors(scores)[: None if fold.any() else 1]]
            chosen = [_choose(inputs.rotated.coordinates, targets, fold, c=c, path=path) for inputs in tried]
            inputs, best = min(zip(tried, chosen, strict=True), key=lambda one: one[1].loss)
            upto = path[: best.place + 1]
            *_, fitted = fit_path(inputs.rotated.coordinates, targets, c=c, strengths=upto, tolerance=1e-6)
        whole, *parts = (cls(*inputs.folded(weights), inputs.floor) for weights in (fitted, *best.without))
        return whole, tuple(parts) or (whole,), fold


class _Chosen(NamedTuple):
    """A place on a path of strengths.

    Attributes:
        loss: of left-out images, in nats in all.
        without: the fits there without each fold.
    """

    place: int
    loss: float
    without: list[Float]


def _choose(z: Float, targets: Int, fold: Int, *, c: int, path: list[float]) -> _Chosen:
    """Return the place on the path with the smallest loss of left-out images; a guess where none can be left out."""
    if not fold.any():
        return _Chosen(STRENGTHS.index(1.0), 0.0, [])
    outs = [fold == i for i in range(fold.max() + 1)]
    paths = [fit_path(z[~out], targets[~out], c=c, strengths=path, tolerance=1e-3) for out in outs]
    losses: list[float] = []
    best: list[Float] = []
    for fits in zip(*paths, strict=True):
        held_out = (negative_log_likelihood(z[o], targets[o], w).sum() for o, w in zip(outs, fits, strict=True))
        losses.append(float(sum(held_out)))
        if losses[-1] == min(losses):
            best = list(fits)
        learned = min(losses) < GUESSED * np.log(c) * len(targets)
        if learned and len(losses) - int(np.argmin(losses)) > PATIENCE:
            break
    return _Chosen(int(np.argmin(losses)), min(losses), best)


def _folds(targets: Int, *, c: int) -> Int:
    """For each image the fold that leaves it out, every class in all of them; all 0 where there can be only one.

    A fold is a stretch of the answers as they came, not a random draw: when an image was scored several times in a
    row, its answers stay together, but for one image or so of a class at a fold's edge.
    """
    folds = min(FOLDS, int(np.bincount(targets, minlength=c).min()))
    fold = np.zeros(len(targets), dtype=np.int64)
    for number in range(c):
        members = np.flatnonzero(targets == number)
        fold[members] = np.arange(len(members)) * folds // len(members)
    return fold
