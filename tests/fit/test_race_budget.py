"""What a race costs: within the budget to the image, and the most of a small one."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.fit.layout import LAYOUTS
from bbprompt.fit.openings import MOST, OWN
from bbprompt.fit.race import FIRST, affordable, for_pairs
from bbprompt.fit.runner import HEAT
from tests.fit.conftest import fit
from tests.fit.racing import Centre, Make, arranged, problem_of


@pytest.mark.parametrize("queries", [60, 119, 120, 179, 180, 260, 420, 1500])
def test_it_asks_what_it_says_within_the_budget(make_problem: Make, queries: int) -> None:
    oracle = Centre()
    problem = arranged(problem_of(make_problem, oracle))
    oracle.asked = 0
    found = fit(problem, queries=queries)
    assert oracle.asked == found.queries <= queries


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
