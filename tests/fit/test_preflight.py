"""The pre-flight says no where nearly every pattern harms, and not otherwise; on few patterns it says nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bbprompt.fit.preflight import IMAGES, SHARE, expected_minimum, fly, judge
from bbprompt.records import Preflight
from tests.fit.conftest import Linear, Problem


def found(mean: float, spread: float, *, number: int = 12, seed: int = 0) -> Preflight:
    loss = np.random.default_rng(seed).normal(mean, spread, number)
    return judge(np.stack([loss, -0.2 * loss], axis=1), affordable=100)


def test_it_says_no_where_patterns_harm() -> None:
    assert np.mean([found(0.2, 0.1, seed=seed).pays is False for seed in range(100)]) > 0.9


@pytest.mark.parametrize("number", [6, 12, 24])
def test_where_a_quarter_helps_it_seldom_says_no(number: int) -> None:
    said_no = np.mean([found(0.674, 1.0, number=number, seed=seed).pays is False for seed in range(400)])
    assert said_no < 0.15


def test_share_and_gain_are_those_of_the_normal_that_was_drawn_from() -> None:
    many = found(0.1, 0.2, number=4000)
    assert many.helpful == pytest.approx(0.309, abs=0.02)
    assert many.gain == pytest.approx(0.2 * (2.51 * 0.2 - 0.1), rel=0.05)


def test_the_expected_minimum_is_that_of_draws() -> None:
    draws = np.random.default_rng(0).standard_normal((20_000, 30)).min(axis=1)
    assert expected_minimum(30) == pytest.approx(draws.mean(), abs=0.02)


def test_no_change_at_all_says_nothing() -> None:
    assert judge(np.zeros((9, 2)), affordable=9).pays is None


@pytest.mark.parametrize("queries", [300, 2399, 2400, 5000])
def test_it_costs_what_it_says_and_no_more_than_its_share(
    make_problem: Callable[..., Problem], queries: int
) -> None:
    oracle = Linear()
    problem = make_problem(oracle)
    said, scored = fly(
        problem.objective,
        problem.theta,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        rng=np.random.default_rng(0),
    )
    assert oracle.asked == scored <= SHARE * queries
    assert (said.pays is None) == (queries < 2400)
    assert said.pays is None or scored == said.patterns * 3 * IMAGES


def test_it_is_said_in_words() -> None:
    assert "not likely to pay" in str(found(0.3, 0.05))
    assert "too few" in str(Preflight(patterns=5, helpful=None, gain=None, pays=None))
    assert "points to the map alone" in str(found(0.0, 0.2))
