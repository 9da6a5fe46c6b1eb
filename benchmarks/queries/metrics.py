"""Figures of merit over seeds, with 95 % intervals from Student's t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bbprompt.arrays import Float

SMALLEST_GAIN = 0.02
"""Gradients that gain less than this over the map alone leave nothing to recover a share of."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds.

    Attributes:
        value: the mean.
        half: half the width of its 95 % interval; NaN for one seed.
        n: seeds.
    """

    value: float
    half: float
    n: int

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half

    def __format__(self, spec: str) -> str:
        spread = "" if np.isnan(self.half) else f" ± {self.half:{spec.lstrip('+')}}"
        return f"{self.value:{spec}}{spread}"


def mean(values: Sequence[float]) -> Estimate:
    """Average over seeds: x̄ ± t s / √n, with n - 1 degrees of freedom."""
    array = np.asarray(values, dtype=np.float64)
    return Estimate(float(array.mean()), _half(array - array.mean()), len(array))


def mean_of_means(groups: Sequence[Sequence[float]]) -> Estimate:
    """Average over groups of the average over seeds in each, for these groups and no others: every group weighs the same.

    Its variance is the sum of the groups' own, over their squared number, with Welch's and Satterthwaite's degrees of
    freedom (Welch 1947, Biometrika 34, eq. 28). A group of one seed has none, and so has the average.
    """
    arrays = [np.asarray(group, dtype=np.float64) for group in groups]
    value, n = float(np.mean([array.mean() for array in arrays])), sum(map(len, arrays))
    if min(map(len, arrays)) < 2:
        return Estimate(value, float("nan"), n)
    variances = np.array([array.var(ddof=1) / len(array) for array in arrays])
    if not variances.any():
        return Estimate(value, 0.0, n)
    freedom = variances.sum() ** 2 / sum(v**2 / (len(a) - 1) for v, a in zip(variances, arrays, strict=True))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variances.sum()) / len(arrays)
    return Estimate(value, float(half), n)


def paired_difference(a: Sequence[float], b: Sequence[float]) -> Estimate:
    """Mean of a - b, seed by seed."""
    return mean(np.subtract(a, b).tolist())


def recovered_gain(accuracy: Sequence[float], floor: Sequence[float], ceiling: Sequence[float]) -> Estimate | None:
    """R = mean(accuracy - floor) / mean(ceiling - floor), over the same seeds.

    A ratio of means, not a mean of ratios, which one seed with a small gain would rule. Its variance is that of the
    residuals (accuracy - floor) - R (ceiling - floor), over the squared mean gain: Cochran 1977, Sampling
    Techniques, eq. 6.9, with n - 1 degrees of freedom.

    Args:
        accuracy: of the method, one per seed.
        floor: of no prompt with the same kind of map.
        ceiling: of gradients with the same kind of map.

    Returns:
        R, or ``None`` where gradients gain less than ``SMALLEST_GAIN``.
    """
    gain, possible = np.subtract(accuracy, floor), np.subtract(ceiling, floor)
    if possible.mean() < SMALLEST_GAIN:
        return None
    ratio = float(gain.mean() / possible.mean())
    return Estimate(ratio, _half(gain - ratio * possible) / float(possible.mean()), len(gain))


def queries_to_reach(share: float, gains: Sequence[tuple[int, float]]) -> int | None:
    """The first of rising budgets at which R is at least ``share``; ``None`` if it never is.

    Args:
        share: of the gradient's gain, such as 0.5.
        gains: (budget, R).
    """
    return next((budget for budget, gain in gains if gain >= share), None)


def _half(residuals: Float) -> float:
    """Half width of the interval of a mean: t s / √n, s² = Σ r² / (n - 1)."""
    n = len(residuals)
    if n < 2:
        return float("nan")
    s = np.sqrt(np.sum(residuals**2) / (n - 1))
    return float(stats.t.ppf(0.975, n - 1) * s / np.sqrt(n))
