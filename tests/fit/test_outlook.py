"""Before a prompt is paid for: what there is to win, and what is likely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bbprompt.fit.outlook import SMALL, WON_BY_LARGE, WON_BY_SMALL, Won, outlook
from tests.fit.conftest import Linear, Problem

Make = Callable[..., Problem]


@pytest.mark.parametrize(("pixels", "won"), [(SMALL - 1, WON_BY_SMALL), (SMALL, WON_BY_LARGE)])
def test_what_is_likely_is_a_measured_share_of_what_the_map_leaves(
    make_problem: Make, pixels: int, won: Won
) -> None:
    problem = make_problem(label_map="linear")
    targets, start = problem.objective.targets, problem.start
    maps = problem.fit_map(start, targets)
    right = maps(start.log(), np.arange(len(targets))).argmax(axis=1) == targets
    for queries, (low, high) in won.items():
        found = outlook(maps, queries=queries - len(targets), pixels=pixels)
        assert found.alone == right.mean()
        assert (found.low, found.high) == pytest.approx((low * (1 - found.alone), high * (1 - found.alone)))
        assert 1 - found.alone < found.most <= 1


def test_of_fewer_queries_than_were_measured_nothing_is_expected(make_problem: Make) -> None:
    problem = make_problem(Linear(), label_map="linear")
    maps = problem.fit_map(problem.start, problem.objective.targets)
    found = outlook(maps, queries=min(WON_BY_SMALL) - 61, pixels=64)
    assert (found.low, found.high) == (0.0, 0.0)
