"""What `auto` says to expect is what it was measured to win."""

from __future__ import annotations

import pytest

from bbprompt.fit.outlook import WON_BY_LARGE, WON_BY_SMALL
from benchmarks import RESULTS
from benchmarks.queries.outlook import by_size, inside, markdown, middle_half, shares
from benchmarks.queries.store import Store
from benchmarks.queries.summary import Group, summarise

QUERIES = RESULTS / "queries"


def test_the_outlook_is_the_middle_half_of_what_was_measured() -> None:
    small, large = by_size(summarise(Store(QUERIES).records()))
    printed = (middle_half(small), middle_half(large))
    assert printed == (WON_BY_SMALL, WON_BY_LARGE), "put in what `python -m benchmarks.queries outlook` prints"
    assert (QUERIES / "outlook.md").read_text(encoding="utf-8") == markdown(small, large)


def group(task: str, alone: float, reached: float) -> Group:
    floor, found = {11: alone, 23: alone}, {1000: {11: reached, 23: reached}}
    return Group(task, "full", "16", floor, floor, {"auto": found | ({500: {11: 1.0}} if task == "a" else {})})


def test_a_budget_that_few_tasks_were_measured_with_is_left_out() -> None:
    assert 500 not in shares([group(task, 0.5, 0.6) for task in "abcd"])


def test_a_share_is_of_what_the_map_leaves() -> None:
    found = shares([group("a", 0.5, 0.6), group("b", 0.8, 0.8), group("c", 0.9, 0.95), group("d", 0.6, 0.56)])
    by_task = {"a, full, 16": 0.2, "b, full, 16": 0.0, "c, full, 16": 0.5, "d, full, 16": -0.1}
    assert found == {1000: pytest.approx(by_task)}
    assert middle_half(found)[1000] in {(low, high) for low in (-0.03, -0.02) for high in (0.27, 0.28)}
    assert inside(found) == (1, 4), "the first alone"


def test_a_task_is_not_judged_by_itself_with_other_answers() -> None:
    titles = ("a, full, 16", "a, label, 16", "b, full, 16", "b, label, 16")
    assert inside({1000: dict(zip(titles, (0.1, 0.1, 0.1, 0.1), strict=True))}) == (4, 4)
    assert inside({1000: dict(zip(titles, (0.1, 0.1, 0.3, 0.3), strict=True))}) == (0, 4)
