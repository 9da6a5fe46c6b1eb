"""Figures of merit against numbers computed by hand."""

from __future__ import annotations

import math

import pytest

from benchmarks.queries.metrics import mean, mean_of_means, paired_difference, queries_to_reach, recovered_gain


def test_mean_and_its_interval() -> None:
    found = mean([0.6, 0.7, 0.8])
    assert found.value == pytest.approx(0.7)
    assert found.half == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-6)  # t(.975, 2), s = .1
    assert (found.low, found.high) == pytest.approx((0.7 - found.half, 0.7 + found.half))
    assert f"{found:.2f}" == "0.70 ± 0.25"


def test_one_seed_has_no_interval() -> None:
    found = mean([0.5])
    assert math.isnan(found.half)
    assert f"{found:.3f}" == "0.500"


def test_the_mean_of_one_groups_mean_is_its_mean() -> None:
    alone, grouped = mean([0.6, 0.7, 0.9]), mean_of_means([[0.6, 0.7, 0.9]])
    assert (grouped.value, grouped.half, grouped.n) == pytest.approx((alone.value, alone.half, 3))


def test_groups_weigh_the_same_and_keep_their_own_spread() -> None:
    found = mean_of_means([[0.1, 0.3], [0.5, 0.5, 0.8]])
    assert found.value == pytest.approx((0.2 + 0.6) / 2)
    # Squared errors .02 / 2 = .01 and .03 / 3 = .01; freedom .02² / (.01² / 1 + .01² / 2) = 2.667, t(.975) = 3.4206.
    assert found.half == pytest.approx(3.4206 * math.sqrt(0.02) / 2, rel=1e-3)
    assert mean_of_means([[0.5, 0.5], [0.25, 0.25]]).half == 0
    assert math.isnan(mean_of_means([[0.1, 0.3], [0.5]]).half)


def test_a_difference_is_paired_by_seed() -> None:
    found = paired_difference([0.9, 0.5, 0.7], [0.8, 0.4, 0.6])
    assert found.value == pytest.approx(0.1)
    assert found.half == pytest.approx(0, abs=1e-12)


def test_recovered_gain_is_a_ratio_of_means() -> None:
    found = recovered_gain([0.7, 0.9], floor=[0.6, 0.7], ceiling=[0.8, 1.0])
    assert found is not None
    assert found.value == pytest.approx(0.3 / 0.5)
    # Gains .1 and .2 of .2 and .3: residuals -.02 and .02, s = .0283, t(.975, 1) = 12.706, mean possible gain .25.
    assert found.half == pytest.approx(12.7062 * math.sqrt(0.0008) / math.sqrt(2) / 0.25, rel=1e-4)


def test_recovered_gain_of_the_references_is_exact() -> None:
    floor, ceiling = [0.5, 0.6, 0.4], [0.9, 0.8, 0.7]
    for reference, expected in ((floor, 0.0), (ceiling, 1.0)):
        found = recovered_gain(reference, floor, ceiling)
        assert found is not None
        assert (found.value, found.half) == pytest.approx((expected, 0), abs=1e-12)


def test_there_is_no_share_of_nothing() -> None:
    assert recovered_gain([0.6], floor=[0.5], ceiling=[0.51]) is None


def test_queries_to_reach() -> None:
    gains = [(500, 0.1), (1000, 0.55), (2000, 0.4), (5000, 0.95)]
    assert queries_to_reach(0.5, gains) == 1000
    assert queries_to_reach(0.9, gains) == 5000
    assert queries_to_reach(0.99, gains) is None
