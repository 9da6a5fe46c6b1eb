"""A student's steps: along the oracle's own slope where the student knows that, and one look at the end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")

from bbprompt.fit.by_student import learn_from_student
from tests.fit.conftest import Problem, beginning
from tests.fit.students import KnowsAll, true_gradient


@pytest.mark.parametrize("label_map", ["iterative", "linear"])
def test_a_perfect_students_step_goes_down_the_oracles_slope(
    make_problem: Callable[..., Problem], monkeypatch: pytest.MonkeyPatch, label_map: str
) -> None:
    """Adam's first step is the gradient's sign: one level in each value."""
    monkeypatch.setattr("bbprompt.fit.by_student.STEPS", 1)
    monkeypatch.setattr("bbprompt.fit.by_student.BATCH", 60)
    problem = make_problem(label_map=label_map)
    moved = learn_from_student(
        beginning(problem),
        KnowsAll(),
        problem.selection,
        fit_map=problem.fit_map,
        queries=120,
        rng=np.random.default_rng(0),
    )
    truth = true_gradient(problem)
    told = np.abs(truth) > 0.01 * np.abs(truth).max()
    assert moved.asked == 120
    assert np.mean(np.sign(moved.theta) == -np.sign(truth), where=told) > 0.99
    np.testing.assert_allclose(np.abs(moved.theta), 1 / 255, rtol=1e-3)
