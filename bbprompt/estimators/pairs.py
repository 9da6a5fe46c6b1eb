"""Two-sided differences: what plus and minus probes along a direction say of the gradient."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bbprompt.arrays import Float, Int

Signs: TypeAlias = npt.NDArray[np.int8]
Directions: TypeAlias = npt.NDArray[np.float64 | np.int8]


def rademacher(rng: np.random.Generator, shape: tuple[int, ...]) -> Signs:
    """Draw random signs, int8: -1 or 1, each with probability 1/2."""
    size = math.prod(shape)
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-size // 8)), dtype=np.uint8), count=size)
    signs: Signs = 2 * bits.view(np.int8).reshape(shape) - 1
    return signs


def two_sided(theta: Float, directions: Directions, radius: float) -> Float:
    """Probe theta + radius u and theta - radius u for each of q directions u, in turn: (d,), (q, d) to (2q, d)."""
    probes = np.empty((2 * len(directions), theta.size))
    plus, minus = probes[0::2], probes[1::2]
    np.multiply(directions, radius, out=plus)
    np.subtract(theta, plus, out=minus)
    np.add(theta, plus, out=plus)
    return probes


def shared(candidates: int) -> Int:
    """Group candidates so that all are scored on the same images: 0, 0, 0, ..."""
    return np.zeros(candidates, dtype=np.int64)


def paired(pairs: int) -> Int:
    """Group candidates so that each pair gets images of its own: 0, 0, 1, 1, ..."""
    return np.repeat(np.arange(pairs, dtype=np.int64), 2)


def differences(losses: Float) -> Float:
    """Loss at plus minus loss at minus, shape (q,), of losses (2q,); NaN where either was not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = losses[0::2] - losses[1::2]
    return np.where(np.isfinite(difference), difference, np.nan)


def simultaneous_perturbation(difference: Float, directions: Directions, radius: float) -> Float:
    """Estimate the gradient, shape (d,), as the mean over q pairs; a difference of NaN says nothing.

    Spall 1992, "Multivariate Stochastic Approximation Using a Simultaneous Perturbation Gradient
    Approximation", IEEE Transactions on Automatic Control 37(3), eq. 2.1: g_i = (y+ - y-) / (2 c delta_i).
    """
    said = np.flatnonzero(np.isfinite(difference))
    gradient, signs = np.zeros(directions.shape[1]), directions.dtype == np.int8  # a sign is its own inverse
    for pair in said:
        slope = difference[pair] / (2 * radius)
        gradient += slope * directions[pair] if signs else slope / directions[pair]
    return gradient / max(len(said), 1)
