"""Multinomial logistic regression with an L2 penalty, fast where inputs are many and images few.

Over weights W and offsets b, with S the strength (the precision of a normal prior on W), minimise

    sum_i -log softmax(x_i W + b)[y_i]  +  S/2 |W|^2.

Three things make it fast, and none changes the minimum:
- The solution lies in the span of the images, so a singular value decomposition X = Z V' turns k inputs into
  min(n, k): Hastie & Tibshirani 2004, "Efficient quadratic regularization for expression arrays", section 2.
- Columns of Z are orthogonal, so dividing each direction by the square root of its curvature at W = 0 makes the
  problem nearly round, which is what L-BFGS (Liu & Nocedal 1989) likes.
- Strengths are tried from strong to weak, each started where the last one ended: neighbours on that path are close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from bbprompt.arrays import Float, Int


@dataclass(frozen=True, slots=True)
class Rotated:
    """Inputs X (n, k) as coordinates in the span of the images, X = ``coordinates`` @ ``basis``.

    Attributes:
        coordinates: float64, shape (n, r), r = min(n, k); orthogonal columns.
        basis: float64, shape (r, k); orthonormal rows.
    """

    coordinates: Float
    basis: Float

    @classmethod
    def of(cls, inputs: Float) -> Rotated:
        """Rotate inputs (n, k)."""
        left, singular, basis = np.linalg.svd(inputs, full_matrices=False)
        return cls(left * singular, basis)


def fit_path(z: Float, targets: Int, *, c: int, strengths: Sequence[float], tolerance: float) -> Iterator[Float]:
    """Fit at each strength when asked for it, every fit started from the one before.

    Args:
        z: float64, shape (n, r): inputs with orthogonal columns.
        targets: int64, shape (n,), in 0..c-1.
        c: number of classes.
        strengths: precisions of the prior, falling.
        tolerance: largest entry of the scaled mean gradient at which L-BFGS stops.

    Yields:
        For each strength float64 (r + 1, c): weights, and offsets in the last row.
    """
    z = np.hstack([z, np.ones((len(z), 1))])
    wanted = np.eye(c)[targets]
    weights = np.zeros((z.shape[1], c))
    for strength in strengths:
        weights = _minimise(z, wanted, weights, strength=strength, tolerance=tolerance)
        yield weights


def negative_log_likelihood(z: Float, targets: Int, weights: Float) -> Float:
    """Per image, in nats, shape (n,), under weights (r + 1, c) from ``fit_path``."""
    log_p = log_softmax(z @ weights[:-1] + weights[-1], axis=1)
    return np.asarray(-log_p[np.arange(len(z)), targets])


def _minimise(z: Float, wanted: Float, start: Float, *, strength: float, tolerance: float) -> Float:
    n, c = wanted.shape
    penalty = np.full((z.shape[1], 1), strength / n)
    penalty[-1] = 0.0
    curvature = (z**2).mean(axis=0)[:, None] * (1 / c) * (1 - 1 / c) + penalty
    scale = 1 / np.sqrt(curvature)

    def objective(flat: Float) -> tuple[float, Float]:
        weights = scale * flat.reshape(start.shape)
        log_p = log_softmax(z @ weights, axis=1)
        loss = -(wanted * log_p).sum() / n + (penalty * weights**2).sum() / 2
        gradient = z.T @ (np.exp(log_p) - wanted) / n + penalty * weights
        return float(loss), (scale * gradient).ravel()

    result = minimize(
        objective,
        (start / scale).ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": tolerance, "ftol": 0.0, "maxiter": 1000},
    )
    return np.asarray(scale * result.x.reshape(start.shape))
