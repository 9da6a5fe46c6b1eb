from __future__ import annotations

import io

import pytest
from rich.console import Console

from bbprompt.records import Costs
from bbprompt.table import money, results_markdown, results_table, rows, seconds
from tests.fake_runs import accuracy_record, fake_run, gradient_run


def printed(*runs: object, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(results_table(runs))  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def costs(**changes: object) -> Costs:
    known = {"queries": 10, "passes": None, "budget": 10, "usd": None, "seconds": 1.0}
    return Costs(**{**known, **changes})  # type: ignore[arg-type]


def test_what_no_prompt_reaches_comes_first_and_once() -> None:
    assert [row.name for row in rows([fake_run(), gradient_run()])] == ["no prompt + linear", "spsa", "gradient"]


def test_runs_that_start_from_different_places_have_a_row_each_that_says_whose() -> None:
    other = fake_run("other", no_prompt=accuracy_record(40, 100))
    names = [row.name for row in rows([fake_run(), other, gradient_run()])]
    assert names[:2] == ["no prompt + linear (spsa, gradient)", "no prompt + linear (other)"]


def test_a_row_holds_the_figures() -> None:
    row = rows([fake_run()])[-1]
    assert (row.accuracy, row.queries, row.seconds) == ("74.0 % [64.6, 81.6]", "12,345", "123")


@pytest.mark.parametrize(
    ("paid", "shown"),
    [
        (costs(), "unknown"),
        (costs(usd=0.0), "$0.00"),
        (costs(usd=0.004), "under $0.01"),
        (costs(usd=1234.5), "$1,234.50"),
        (costs(queries=None, passes=5), "none"),
    ],
)
def test_an_unknown_price_is_never_a_number(paid: Costs, shown: str) -> None:
    assert rows([fake_run(costs=paid)])[-1].usd == shown


def test_the_terminal_gets_all_of_it_in_eighty_columns() -> None:
    text = printed(fake_run("query-spsa-gc"), gradient_run())
    for row in rows([fake_run("query-spsa-gc"), gradient_run()]):
        line = next(line for line in text.splitlines() if line.startswith(row.name))
        assert all(cell in line for cell in (row.accuracy, row.queries, row.passes, row.seconds, row.usd))


def test_a_name_is_shown_as_it_is() -> None:
    assert "[red]x[/red]" in printed(fake_run("[red]x[/red]"), width=120)


def test_markdown_has_one_cell_per_heading_whatever_the_names() -> None:
    lines = results_markdown([fake_run("a|b"), gradient_run()]).splitlines()
    assert len(lines) == 5
    assert {line.replace("\\|", "").count("|") for line in lines} == {7}
    assert "| a\\|b | 74.0 % [64.6, 81.6] | 12,345 | none | 123 | unknown |" in lines


@pytest.mark.parametrize(
    ("value", "shown"), [(0.1234, "0.123"), (84.31, "84.3"), (99.99, "100"), (12345.6, "12,346")]
)
def test_seconds_have_three_digits_or_are_whole(value: float, shown: str) -> None:
    assert seconds(value) == shown


def test_small_money_is_not_nothing() -> None:
    assert money(1e-9) == "under $0.01"
