"""The query loop: within its budget to the image, selected on validation, resumed to the bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import ESTIMATORS, make_estimator
from bbprompt.fit import Fit, fit_by_query
from bbprompt.oracle import Scores
from tests.fit.conftest import Linear, Problem, alone

Make = Callable[..., Problem]


class Stopped(Exception):
    """Stands for a kill between two steps."""


def fit(problem: Problem, *, queries: int = 900, checkpoint: Path | None = None, method: str = "antithetic",
        stop_at: int | None = None) -> Fit:  # fmt: skip
    def watch(asked: int, _best: float) -> None:
        if stop_at is not None and asked >= stop_at:
            raise Stopped

    return fit_by_query(
        problem.objective,
        make_estimator(method, problem.theta, rng=np.random.default_rng(5)),
        problem.selection,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        looks=4,
        rng=np.random.default_rng(6),
        checkpoint=checkpoint,
        watch=watch,
    )


@pytest.mark.parametrize("queries", [200, 501, 900])
@pytest.mark.parametrize("method", ["antithetic", "spsa", "spsa-gc"])
def test_it_asks_exactly_what_it_says_and_never_more_than_the_budget(
    make_problem: Make, method: str, queries: int
) -> None:
    oracle = Linear()
    found = fit(make_problem(oracle), queries=queries, method=method)
    assert oracle.asked == found.queries <= queries
    assert found.stopped == "done"


def test_it_learns(make_problem: Make) -> None:
    found = fit(make_problem(), queries=4000)
    first, best = found.history[0].accuracy.accuracy, max(look.accuracy.accuracy for look in found.history)
    assert best >= first + 0.15


def test_selection_keeps_the_best_look_and_never_less_than_no_prompt(make_problem: Make) -> None:
    problem = make_problem()
    found = fit(problem)
    problem.selection.look(found.theta, alone(found.label_map), step=0, queries=0, loss=None)
    assert problem.selection.history[-1].accuracy.accuracy == max(h.accuracy.accuracy for h in found.history)


@pytest.mark.parametrize("label_map", ["linear", "frequency"])
@pytest.mark.parametrize("stop_at", [90, 300, 640])
def test_a_killed_fit_resumes_to_the_same_prompt_bit_for_bit(
    make_problem: Make, tmp_path: Path, label_map: str, stop_at: int
) -> None:
    whole = fit(make_problem(label_map=label_map))
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(Stopped):
        fit(make_problem(label_map=label_map), checkpoint=checkpoint, stop_at=stop_at)
    resumed = fit(make_problem(label_map=label_map), checkpoint=checkpoint)
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.label_map.state() == whole.label_map.state()
    assert (resumed.history, resumed.queries) == (whole.history, whole.queries)


def test_when_the_budget_ends_first_what_was_learned_is_kept(make_problem: Make) -> None:
    class Poor(Linear):
        def query(self, images: UInt8) -> Scores:
            if self.asked > 300:
                raise BudgetExhausted("no more")
            return super().query(images)

    found = fit(make_problem(Poor()))
    assert found.stopped == "budget"
    assert len(found.history) >= 2
    assert np.isfinite(found.theta).all()


def test_a_step_that_the_budget_cut_is_the_next_one_where_there_is_more(make_problem: Make, tmp_path: Path) -> None:
    """What was answered of it is in the ledger, under these very images."""

    class Poor(Linear):
        def __init__(self, most: float) -> None:
            super().__init__()
            self.most, self.batches = most, list[bytes]()

        def query(self, images: UInt8) -> Scores:
            self.batches.append(images.tobytes())
            if len(self.batches) == self.most:
                raise BudgetExhausted("no more")
            return super().query(images)

    poor, rich = Poor(9), Poor(np.inf)
    assert fit(make_problem(poor), checkpoint=tmp_path / "checkpoint").stopped == "budget"
    fit(make_problem(rich), checkpoint=tmp_path / "checkpoint")
    assert rich.batches[0] == poor.batches[8]


def test_a_map_that_learns_is_refitted_from_prompted_answers(make_problem: Make) -> None:
    problem = make_problem(label_map="linear")
    before = problem.fit_map(problem.start, problem.objective.targets).whole
    found = fit(problem, queries=3000)
    assert found.label_map.state() != before.state()


def test_every_estimator_of_the_table_fits(make_problem: Make) -> None:
    for method in ESTIMATORS:
        assert fit(make_problem(), queries=400, method=method).queries <= 400
