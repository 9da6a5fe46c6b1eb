"""``auto``: within its budget with a student and without one, never below no prompt; no prompt where none would pay."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.fit import Fit
from bbprompt.fit.auto import fit_auto
from bbprompt.oracle import Scores
from tests.fit.conftest import Linear, Problem

pytest.importorskip("torch")

from tests.fit.students import KnowsAll, Misleads

Make = Callable[..., Problem]


def fit(problem: Problem, student: KnowsAll | None, *, queries: int = 1500) -> Fit:
    return fit_auto(
        problem.objective,
        problem.theta,
        problem.selection,
        student=student,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        looks=4,
        rng=np.random.default_rng(6),
    )


@pytest.mark.parametrize("queries", [160, 420, 1500])
@pytest.mark.parametrize("student", [None, KnowsAll, Misleads])
def test_it_asks_exactly_what_it_says_and_never_more_than_the_budget(
    make_problem: Make, student: type[KnowsAll] | None, queries: int
) -> None:
    oracle = Linear()
    found = fit(make_problem(oracle), student() if student else None, queries=queries)
    assert oracle.asked == found.queries <= queries


def test_a_good_student_gets_there_before_pairs_do(make_problem: Make) -> None:
    with_student, alone = fit(make_problem(), KnowsAll(), queries=900), fit(make_problem(), None, queries=900)
    assert best(with_student) >= best(alone) + 0.1


def best(found: Fit) -> float:
    return max(look.accuracy.accuracy for look in found.history)


def test_a_bad_student_is_dropped_and_never_leads_below_no_prompt(make_problem: Make) -> None:
    student = Misleads()
    found = fit(make_problem(), student, queries=3000)
    assert best(found) >= found.history[0].accuracy.accuracy
    assert len(student.lessons) <= 1 + 2


class Fragile(Linear):
    """Answers at random what is not one of the images as they are."""

    def __init__(self, known: UInt8) -> None:
        super().__init__()
        self.known = {image.tobytes() for image in known}

    def query(self, images: UInt8) -> Scores:
        scores = super().query(images)
        changed = np.array([image.tobytes() not in self.known for image in images])
        noise = [np.random.default_rng(zlib.crc32(image.tobytes())).normal(size=5) for image in images]
        return Scores(np.where(changed[:, None], noise, scores.values).astype(np.float32), scores.answer)


def test_where_patterns_harm_the_budget_goes_to_the_map_and_it_says_so(make_problem: Make) -> None:
    plain = make_problem()
    oracle, student = Fragile(np.concatenate([plain.objective.images, plain.selection.images])), KnowsAll()
    problem = make_problem(oracle, label_map="linear")
    found = fit(problem, student, queries=6000)
    assert found.preflight is not None
    assert found.preflight.pays is False
    assert not found.theta.any()
    assert not student.lessons
    assert oracle.asked == found.queries < 6000


def test_elsewhere_it_goes_on_and_says_what_it_saw(make_problem: Make) -> None:
    student = KnowsAll()
    found = fit(make_problem(label_map="linear"), student, queries=6000)
    assert found.preflight is not None
    assert found.preflight.pays
    assert found.preflight.patterns == (6000 - 60) // 20 // 24
    assert student.lessons
