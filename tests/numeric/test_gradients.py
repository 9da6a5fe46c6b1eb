"""What the papers promise of their gradient estimates, held to their own standard errors."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.arrays import Float
from bbprompt.estimators.antithetic import shape
from bbprompt.estimators.pairs import (
    Directions,
    differences,
    paired,
    rademacher,
    shared,
    simultaneous_perturbation,
    two_sided,
)
from bbprompt.estimators.spsa_gc import segmented_uniform

SIZE = 30
GRADIENT = np.random.default_rng(7).normal(size=SIZE)
RADIUS = 0.02


def draws(distribution: object, count: int, pairs: int) -> Float:
    """Estimate the slope of g . theta + noise, where the noise is an image's: the same for both of a pair."""
    rng = np.random.default_rng(11)

    def estimate() -> Float:
        directions: Directions = distribution(rng, (pairs, SIZE))  # type: ignore[operator]
        noise = rng.normal(size=pairs)[paired(pairs)]
        losses = two_sided(np.ones(SIZE), directions, RADIUS) @ GRADIENT + noise
        return simultaneous_perturbation(differences(losses), directions, RADIUS)

    return np.stack([estimate() for _ in range(count)])


@pytest.mark.parametrize("distribution", [rademacher, segmented_uniform])
def test_the_estimate_is_unbiased_on_a_linear_loss(distribution: object) -> None:
    estimates = draws(distribution, count=4000, pairs=2)
    error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    z = (estimates.mean(axis=0) - GRADIENT) / error
    # 30 coordinates: |z| > 4.5 in any has probability 2e-4, and z^2 adds up to 30 +- 8.
    assert np.abs(z).max() < 4.5
    assert 10 < np.sum(z**2) < 60
    assert error.max() < 0.1 * np.linalg.norm(GRADIENT)


@pytest.mark.parametrize("pairs", [1, 5, 25])
def test_sign_pairs_have_the_variance_that_theory_gives(pairs: int) -> None:
    """E|ghat - g|^2 = (d - 1) |g|^2 / q for Rademacher directions."""
    estimates = draws(rademacher, count=4000, pairs=pairs)
    measured = np.mean(np.sum((estimates - GRADIENT) ** 2, axis=1))
    assert measured == pytest.approx((SIZE - 1) * np.sum(GRADIENT**2) / pairs, rel=0.05)


def test_z_scores_and_ranks_point_down_the_same_slope() -> None:
    rng = np.random.default_rng(2)
    directions = rademacher(rng, (20_000, SIZE))
    difference = differences(two_sided(np.zeros(SIZE), directions, RADIUS) @ GRADIENT)
    for shaping in ("z-score", "rank"):
        estimate = simultaneous_perturbation(shape(difference, shaping), directions, RADIUS)
        cosine = estimate @ GRADIENT / np.linalg.norm(estimate) / np.linalg.norm(GRADIENT)
        # The estimate's relative error is sqrt(d / q) = 0.039, so that the cosine is 1 - 0.039^2 / 2 = 0.9993.
        assert cosine > 0.997


def test_shaping_by_hand() -> None:
    difference = np.array([3.0, -4.0, 0.0, np.nan])
    np.testing.assert_array_equal(shape(difference, "none"), difference)
    np.testing.assert_allclose(shape(difference, "z-score"), difference / np.sqrt((9 + 16) / 2))
    np.testing.assert_allclose(shape(difference, "rank"), [0.5, -1.0, 0.0, np.nan])


def test_a_pair_with_a_bad_loss_says_nothing() -> None:
    directions = rademacher(np.random.default_rng(0), (3, SIZE))
    losses = two_sided(np.zeros(SIZE), directions, RADIUS) @ GRADIENT
    without = simultaneous_perturbation(differences(losses[2:]), directions[1:], RADIUS)
    for bad in (np.nan, np.inf, -np.inf):
        losses[1] = bad
        np.testing.assert_array_equal(simultaneous_perturbation(differences(losses), directions, RADIUS), without)


def test_groups() -> None:
    np.testing.assert_array_equal(shared(4), [0, 0, 0, 0])
    np.testing.assert_array_equal(paired(2), [0, 0, 1, 1])


def test_segmented_uniform_stays_in_its_two_segments() -> None:
    sizes = segmented_uniform(np.random.default_rng(0), (100_000,))
    assert np.abs(sizes).min() >= 0.5
    assert np.abs(sizes).max() <= 1.0
    # Mean 0 +- 0.764 / sqrt(n), mean size 3/4 +- 0.144 / sqrt(n): five standard errors each.
    assert abs(sizes.mean()) < 5 * 0.764 / np.sqrt(sizes.size)
    assert abs(np.abs(sizes).mean() - 0.75) < 5 * 0.1444 / np.sqrt(sizes.size)
