"""A surrogate: taught once, the same at the same place, and as right as its student."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from bbprompt.fit.surrogate import Surrogate
from bbprompt.losses import LOSSES
from tests.fit.conftest import Linear, Problem
from tests.fit.students import KnowsAll, true_gradient

Make = Callable[..., Problem]


def surrogate(problem: Problem, student: KnowsAll) -> Surrogate:
    maps = problem.fit_map(problem.start, problem.objective.targets)
    return Surrogate(problem.objective, student, problem.theta, problem.start, maps, np.random.default_rng(0))


def loss(problem: Problem, theta: np.ndarray) -> float:
    objective, everything = problem.objective, np.arange(len(problem.objective.targets))[None]
    maps = problem.fit_map(problem.start, objective.targets)
    return float(objective.losses(objective.query(theta[None], everything), everything, maps)[0])


def test_the_loss_rises_along_it(make_problem: Make) -> None:
    problem = make_problem()
    direction = surrogate(problem, KnowsAll())(problem.theta)
    step = 20 / 255 * np.sqrt(direction.size) * direction / np.linalg.norm(direction)
    assert loss(problem, problem.theta + step) > loss(problem, problem.theta - step) + 0.5


@pytest.mark.parametrize("label_map", ["iterative", "linear"])
def test_a_perfect_student_gives_the_oracles_own_slope(
    make_problem: Make, monkeypatch: pytest.MonkeyPatch, label_map: str
) -> None:
    """Whatever constant its answers are short of: a linear map weighs labels unevenly."""
    monkeypatch.setattr("bbprompt.fit.surrogate.IMAGES", 60)
    problem = make_problem(label_map=label_map)
    found, truth = surrogate(problem, KnowsAll())(problem.theta), true_gradient(problem)
    assert found @ truth / np.linalg.norm(found) / np.linalg.norm(truth) > 0.999


def test_it_is_taught_once_and_queries_nothing(make_problem: Make) -> None:
    oracle, student = Linear(), KnowsAll()
    problem = make_problem(oracle)
    prior = surrogate(problem, student)
    assert student.lessons == []
    for level in (0.0, 0.1, 0.2):
        prior(problem.theta + level)
    assert student.lessons == [60]
    assert oracle.asked == 0


def test_the_same_place_gives_the_same_direction_bit_for_bit(make_problem: Make) -> None:
    problem = make_problem()
    first, second = surrogate(problem, KnowsAll()), surrogate(problem, KnowsAll())
    first(problem.theta + 0.1)
    assert first(problem.theta).tobytes() == second(problem.theta).tobytes()


def test_where_the_loss_has_no_gradient_it_is_the_cross_entropys(make_problem: Make) -> None:
    problem = make_problem()
    expected = surrogate(problem, KnowsAll())(problem.theta)
    problem.objective = replace(problem.objective, loss=LOSSES["zero-one"])
    assert surrogate(problem, KnowsAll())(problem.theta).tobytes() == expected.tobytes()
