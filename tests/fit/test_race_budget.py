"""What a race costs: within the budget to the image, and the most of a small one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.fit.layout import LAYOUTS, Arranged, Layout
from bbprompt.fit.openings import MOST, OWN
from bbprompt.fit.race import FIRST, HEAT, affordable, for_pairs, with_one_look
from bbprompt.oracle import Answer, Scores
from tests.fit.conftest import Linear, beginning, fit
from tests.fit.racing import Centre, Make, arranged, problem_of


@pytest.mark.parametrize("queries", [60, 119, 120, 179, 180, 260, 420, 1500])
def test_it_asks_what_it_says_within_the_budget(make_problem: Make, queries: int) -> None:
    oracle = Centre()
    problem = arranged(problem_of(make_problem, oracle))
    oracle.asked = 0
    found = fit(problem, queries=queries)
    assert oracle.asked == found.queries <= queries


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
    monkeypatch.setattr("bbprompt.fit.race.HEAT", 20)
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


def test_without_an_opening_a_small_budget_goes_to_pairs(make_problem: Make) -> None:
    found = fit(make_problem(), queries=150, signs=False)
    assert (len(found.history), found.history[0].step) == (2, 0)
    assert found.history[1].step > 0
    assert found.queries > 120


def test_a_small_budget_goes_to_openings_and_a_quarter_or_three_of_a_large_one() -> None:
    few, many = (np.arange(images) % 10 for images in (160, 500))
    for pairs in (False, True):
        assert affordable(259, few, look=100, pairs=pairs)[0] == 0
        assert affordable(260, few, look=100, pairs=pairs) == (1, 1)
        assert affordable(740, few, look=100, pairs=pairs) == (4, 1)
        assert affordable(2_740, few, look=100, pairs=pairs) == (FIRST, 3)
        openings_, looks = affordable(20_000, few, look=100, pairs=pairs)
        assert HEAT * openings_ + 100 * looks == pytest.approx(5_000 if pairs else 15_000, abs=HEAT)
    assert affordable(4_740, few, look=100, pairs=True) == (FIRST, 3)
    assert affordable(100_000, few, look=100, pairs=True)[0] >= len(LAYOUTS) + len(OWN)
    assert affordable(100_000, few, look=100, pairs=False)[0] >= MOST
    for left in range(0, 6_000, 7):
        openings_, looks = affordable(left, many, look=250, pairs=left % 2 == 0)
        cost = HEAT * openings_ + looks * (500 - HEAT + 250)
        assert openings_ == 0 or cost <= left


def test_pairs_are_worth_it_where_queries_are_more_than_a_prompts_values() -> None:
    assert for_pairs(10_000, 3_072)
    assert not for_pairs(5_000, 3_072)
    assert not for_pairs(50_000, 69_840)
