"""One look: training images choose what it is at, within the budget to the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.fit.layout import Arranged, Layout
from bbprompt.fit.one_look import with_one_look
from bbprompt.oracle import Answer, Scores
from tests.fit.conftest import Linear, beginning, fit
from tests.fit.racing import Centre, Make, arranged, problem_of


@pytest.mark.parametrize(("queries", "looks", "asked"), [(119, 1, 60), (120, 1, 120), (179, 1, 120), (180, 2, 180)])
def test_where_one_look_is_all_training_images_choose_what_it_is_at(
    make_problem: Make, queries: int, looks: int, asked: int
) -> None:
    problem = arranged(problem_of(make_problem, Centre()))
    found = fit(problem, queries=queries)
    assert (len(found.history), found.queries) == (looks, asked)
    shown_small = found.prompt != problem.objective.prompt
    assert shown_small == (queries >= 120)
    plain = make_problem(Linear(), label_map="linear")
    assert fit(arranged(plain), queries=150).prompt == plain.objective.prompt, "where it is best as it is, it stays"


@pytest.mark.parametrize(("queries", "asked"), [(79, 60), (80, 80), (100, 100), (119, 119), (120, 120)])
def test_where_not_all_training_images_fit_beside_a_look_some_of_them_choose(
    make_problem: Make, monkeypatch: pytest.MonkeyPatch, queries: int, asked: int
) -> None:
    monkeypatch.setattr("bbprompt.fit.runner.HEAT", 20)
    oracle = Centre()
    problem = arranged(problem_of(make_problem, oracle))
    oracle.asked = 0
    found = fit(problem, queries=queries)
    assert oracle.asked == found.queries == asked
    assert len(found.history) == 1
    assert (found.prompt != problem.objective.prompt) == (queries >= 80)


@dataclass
class Listing(Centre):
    """Lets out the three most likely of its five labels."""

    def query(self, images: UInt8) -> Scores:
        p = np.exp(super().query(images).log()).astype(np.float32)
        np.put_along_axis(p, np.argsort(p, axis=1)[:, :2], np.nan, axis=1)
        return Scores(p, Answer.TOP_K)


@pytest.mark.parametrize(
    ("oracle", "small_first", "small", "taught"),
    [
        (Listing(), True, True, 30),
        (Listing(), False, True, 30),
        (Centre(), True, True, 45),
        (Centre(), False, False, 60),
    ],
)
def test_one_look_goes_to_the_better_of_two_openings_where_answers_are_partial(
    make_problem: Make, oracle: Centre, *, small_first: bool, small: bool, taught: int
) -> None:
    """There each is scored on a third of what there is room for, the better one on another; all are in its map."""
    problem = arranged(problem_of(make_problem, oracle))
    plain, selection = beginning(problem), problem.selection
    assert selection.arrange is not None
    white = Arranged(plain.place, plain.objective, np.ones_like(plain.theta))
    pair = [selection.arrange(Layout(1 / 4, 128)), white]
    oracle.asked = 0
    asked = with_one_look(
        plain,
        pair if small_first else pair[::-1],
        selection,
        fit_map=problem.fit_map,
        queries=60 + 45,
        rng=np.random.default_rng(0),
    )
    assert asked == oracle.asked == 60 + 45
    assert selection.best is not None
    assert (selection.best.place.layout == Layout(1 / 4, 128)) == small
    assert np.bincount(selection.best.maps.targets).tolist() == 3 * [taught // 3]


@pytest.mark.parametrize(("queries", "looks"), [(179, 1), (180, 2)])
def test_where_the_row_to_beat_was_looked_at_an_opening_needs_all_training_images_and_a_look(
    make_problem: Make, queries: int, looks: int
) -> None:
    """Its look, which is paid for, is among the queries: there is nothing to save by not taking it."""
    problem = arranged(problem_of(make_problem, Centre()))
    found = fit(problem, queries=queries, looked=True)
    assert (len(found.history), found.queries) == (looks, 60 if looks == 1 else 180)
    assert (found.prompt != problem.objective.prompt) == (looks == 2)
