"""``auto``: within its budget with a student and without one, never below no prompt, resumed to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.ledger import Budget, Ledger
from bbprompt.wrappers import paid
from tests.fit.conftest import Linear, Problem, Stopped, best, fit, images_of

pytest.importorskip("torch")

from tests.fit.students import KnowsAll, Misleads

Make = Callable[..., Problem]


@pytest.mark.parametrize("queries", [160, 420, 1500])
@pytest.mark.parametrize("student", [None, KnowsAll, Misleads])
def test_it_asks_exactly_what_it_says_and_never_more_than_the_budget(
    make_problem: Make, student: type[KnowsAll] | None, queries: int
) -> None:
    oracle = Linear()
    found = fit(make_problem(oracle), student=student() if student else None, queries=queries)
    assert oracle.asked == found.queries <= queries


def test_a_good_student_gets_there_before_pairs_do(make_problem: Make) -> None:
    with_student, alone = fit(make_problem(), student=KnowsAll(), queries=900), fit(make_problem(), queries=900)
    assert best(with_student) >= best(alone) + 0.1


def test_a_bad_student_is_dropped_and_never_leads_below_no_prompt(make_problem: Make) -> None:
    student, problem = Misleads(), make_problem()
    found = fit(problem, student=student, queries=3000)
    own, targets = problem.selection.own, problem.selection.targets
    answers = Linear().query(found.prompt.apply(own.images, found.theta)).log()
    assert (found.label_map(answers).argmax(axis=1) == targets).mean() >= found.history[0].accuracy.accuracy
    assert len(student.lessons) <= 1 + 3


def test_with_more_queries_it_goes_on_and_asks_nothing_twice(make_problem: Make, tmp_path: Path) -> None:
    oracle, state = Linear(), tmp_path / "state"
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=10**6)) as ledger:
        for queries in (70, 600, 1500):
            found = fit(make_problem(paid(oracle, ledger)), queries=queries, checkpoint=state)
            assert (found.stopped, found.queries) == ("done", oracle.asked)
    assert best(found) > found.history[0].accuracy.accuracy


def test_nothing_is_paid_for_a_prompt_where_the_map_leaves_nothing_to_win(make_problem: Make) -> None:
    of_each_class, targets = images_of(np.random.default_rng(2), 300)
    towards = [of_each_class[targets == number].mean(axis=0).ravel() / 255 - 0.5 for number in range(3)]
    oracle = Linear(weights=np.stack([*towards, *np.zeros((2, 192))], axis=1))
    problem = make_problem(oracle, label_map="linear")
    start = oracle.query(problem.objective.images)
    own = problem.selection.own
    few = replace(
        problem.selection, own=replace(own, images=own.images[:10]), targets=problem.selection.targets[:10]
    )
    found = fit(replace(problem, start=start, selection=few), student=KnowsAll(), queries=1500)
    assert found.stopped == "no room"
    assert (found.queries, oracle.asked) == (10, 60 + 10)
    assert not found.theta.any()
    many = fit(replace(problem, start=start), student=KnowsAll(), queries=1500)
    assert many.stopped == "done", "sixty images can show a gain of one in sixty"


@pytest.mark.parametrize("stop_at", [100, 500, 900, 1300])
def test_a_killed_fit_resumes_to_the_same_prompt_bit_for_bit(
    make_problem: Make, tmp_path: Path, stop_at: int
) -> None:
    whole = fit(make_problem(), student=Misleads(), queries=1500)
    with pytest.raises(Stopped):
        fit(make_problem(), student=Misleads(), queries=1500, checkpoint=tmp_path / "state", stop_at=stop_at)
    resumed = fit(make_problem(), student=Misleads(), queries=1500, checkpoint=tmp_path / "state")
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert (resumed.history, resumed.queries) == (whole.history, whole.queries)
