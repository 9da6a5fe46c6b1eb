"""``ares``: what it costs, that it learns on the local model alone, and that the service has the last word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from bbprompt.fit import Fit
from bbprompt.fit.by_imitation import ImitationSettings, fit_by_imitation, imitate, learn_from_imitation
from bbprompt.losses import LOSSES
from bbprompt.oracle import Answer, DifferentiableOracle
from tests.fit.conftest import Linear, Problem, with_one_image_of_a_class
from tests.fit.students import KnowsAll, Misleads

Make = Callable[..., Problem]

SETTINGS = ImitationSettings(passes=1800)
N = 60
"""Training images, and validation images."""


def fit(problem: Problem, student: KnowsAll, *, queries: int = 1000, checkpoint: Path | None = None) -> Fit:
    return fit_by_imitation(
        problem.objective,
        problem.theta,
        problem.selection,
        student=student,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        settings=SETTINGS,
        rng=np.random.default_rng(6),
        checkpoint=checkpoint,
    )


def best(found: Fit) -> float:
    return max(look.accuracy.accuracy for look in found.history)


@pytest.mark.parametrize(("queries", "expected"), [(N, N), (2 * N + 29, N), (2 * N + 30, 150), (900, 3 * N)])
def test_it_costs_two_looks_and_one_pass_or_what_of_it_is_affordable(
    make_problem: Make, queries: int, expected: int
) -> None:
    oracle = Linear()
    found = fit(make_problem(oracle), KnowsAll(), queries=queries)
    assert oracle.asked == found.queries == expected <= queries


def test_carrying_back_leaves_no_class_out(make_problem: Make) -> None:
    """One image of a class and half of all affordable: no map can do without it, so that it is always among them."""
    problem = with_one_image_of_a_class(make_problem(label_map="linear"))
    assert fit(problem, KnowsAll(), queries=2 * N + 30).stopped == "done"


def test_what_a_perfect_imitation_learns_carries_over(make_problem: Make) -> None:
    found = fit(make_problem(), KnowsAll())
    assert found.history[1].accuracy.accuracy >= found.history[0].accuracy.accuracy + 0.2
    assert found.theta.any()


def test_what_a_bad_imitation_learns_is_not_kept(make_problem: Make) -> None:
    found = fit(make_problem(), Misleads())
    assert best(found) == found.history[0].accuracy.accuracy
    assert not found.theta.any()


def test_the_lesson_is_the_paid_answers(make_problem: Make) -> None:
    student = KnowsAll()
    fit(make_problem(), student)
    assert student.lessons == [N]


def test_it_learns_from_the_local_model_alone_also_where_labels_are_all_that_is_answered(
    make_problem: Make,
) -> None:
    oracle = Linear()
    problem = make_problem(oracle)
    objective = replace(problem.objective, loss=LOSSES["zero-one"])
    rng = np.random.default_rng(0)
    imitation = imitate(objective, KnowsAll(), problem.theta, start=problem.start, passes=1, rng=rng)
    assert isinstance(imitation, DifferentiableOracle)
    assert imitation.spec.answer is Answer.LOGITS
    learned = learn_from_imitation(
        imitation,
        objective,
        problem.theta,
        problem.selection,
        fit_map=problem.fit_map,
        passes=1800,
        looks=4,
        rng=rng,
    )
    assert oracle.asked == 0
    assert problem.selection.history == []
    assert best(learned) >= learned.history[0].accuracy.accuracy + 0.2


def test_its_answers_are_the_students(make_problem: Make) -> None:
    problem = make_problem()
    rng = np.random.default_rng(0)
    imitation = imitate(problem.objective, KnowsAll(), problem.theta, start=problem.start, passes=1, rng=rng)
    images = problem.objective.images
    logits = Linear().query(images).values
    expected = logits - logits.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(imitation.query(images).values, expected, atol=1e-4)


def test_done_is_read_and_not_done_again(make_problem: Make, tmp_path: Path) -> None:
    first = fit(make_problem(), KnowsAll(), checkpoint=tmp_path / "state")
    oracle, student = Linear(), KnowsAll()
    again = fit(make_problem(oracle), student, queries=5000, checkpoint=tmp_path / "state")
    assert (oracle.asked, student.lessons) == (0, [])
    assert again.theta.tobytes() == first.theta.tobytes()
    assert (again.history, again.queries) == (first.history, first.queries)
