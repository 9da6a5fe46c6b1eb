"""The last word on the label map: what validation has answered to the chosen prompt teaches the map, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bbprompt.estimators import make_estimator
from bbprompt.fit import Fit, fit_by_query
from bbprompt.oracle import Scores
from tests.fit.conftest import Linear, Problem

Make = Callable[..., Problem]


def fit(problem: Problem) -> Fit:
    pairs = make_estimator("antithetic", problem.theta, rng=np.random.default_rng(0))
    return fit_by_query(
        problem.objective,
        pairs,
        problem.selection,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=1200,
        rng=np.random.default_rng(1),
    )


def test_the_map_is_fitted_to_training_and_validation_under_the_chosen_prompt(make_problem: Make) -> None:
    oracle = Linear()
    problem = make_problem(oracle, label_map="linear")
    found = fit(problem)
    asked, objective, selection = oracle.asked, problem.objective, problem.selection
    answers = [
        oracle.query(objective.prompt.apply(images, found.theta)).values
        for images in (objective.images, selection.own.images)
    ]
    scores = Scores(np.concatenate(answers), problem.start.answer)
    expected = problem.fit_map(scores, np.concatenate([objective.targets, selection.targets])).whole
    assert found.label_map.state() == expected.state()
    assert found.queries == asked, "no more was asked for it"


def test_without_it_the_map_stays_as_it_was_selected(make_problem: Make) -> None:
    problem = make_problem(label_map="linear")
    found = fit(replace(problem, selection=replace(problem.selection, refit=None)))
    assert found.theta.tobytes() == fit(make_problem(label_map="linear")).theta.tobytes()
    assert found.label_map.state() != fit(make_problem(label_map="linear")).label_map.state()


@pytest.mark.parametrize("label_map", ["iterative", "frequency", "bayesian"])
def test_a_map_without_many_parameters_stays(make_problem: Make, label_map: str) -> None:
    problem = make_problem(label_map=label_map)
    assert problem.selection.refit is not None
    found = fit(problem)
    assert problem.selection.best is not None
    assert found.label_map.state() == problem.selection.best.maps.whole.state()
