from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from bbprompt.progress import Silent, Tally, progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=200, color_system=None)


def written(to: Console) -> str:
    return to.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_elsewhere_than_on_a_terminal_it_says_a_line_each_tenth() -> None:
    to = console(terminal=False)
    with progress("training", total=1000, console=to) as bar:
        for queries in range(0, 1001, 7):
            bar.update(queries=queries, best=queries / 1000)
    lines = written(to).splitlines()
    assert 10 <= len(lines) <= 11
    assert all(line.startswith("training: ") for line in lines)
    assert "994/1,000 queries" in lines[-1]
    assert "best 99.4 %" in lines[-1]


def test_it_says_a_last_line_where_the_loop_ends_early() -> None:
    to = console(terminal=False)
    with progress("training", total=1000, console=to) as bar:
        bar.update(queries=130)
        bar.update(queries=170)
    assert "170/1,000" in written(to).splitlines()[-1]


def test_on_a_terminal_it_draws_a_bar() -> None:
    to = console(terminal=True)
    with progress("train [1]", total=1000, console=to) as bar:
        bar.update(queries=500, best=0.5, hits=12, retries=1, usd=0.25)
    assert "train [1]" in written(to)
    assert "━" in written(to)
    for words in ("500/1,000 queries", "best 50.0 %", "12 cached", "1 retry", "$0.25"):
        assert words in written(to)


def test_it_writes_to_standard_error_and_leaves_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", total=10) as bar:
        bar.update(queries=10)
        print("{}")
    out, err = capsys.readouterr()
    assert out == "{}\n"
    assert "10/10 queries" in err


def test_rate_and_time_left_count_what_was_scored_now() -> None:
    clock = Clock()
    tally = Tally(total=1000, start=600, clock=clock)
    assert tally.words() == "600/1,000 queries"
    clock.now, tally.done = 10.0, 700
    assert tally.words() == "700/1,000 queries, 10/s, 0:00:30 left"


def test_where_there_is_little_room_the_least_of_it_goes() -> None:
    clock = Clock()
    tally = Tally(total=1000, clock=clock, known={"best": 0.5, "hits": 12})
    clock.now, tally.done = 10.0, 100
    assert tally.words(width=52) == "100/1,000 queries, 10/s, 0:01:30 left, best 50.0 %"
    assert tally.words(width=1) == "100/1,000 queries"


def test_what_was_not_told_is_not_shown_and_what_was_stays() -> None:
    to = console(terminal=False)
    with progress("training", total=10, unit="passes", console=to) as bar:
        bar.update(queries=5, best=0.4)
        bar.update(queries=10)
    last = written(to).splitlines()[-1]
    assert "10/10 passes" in last
    assert "best 40.0 %" in last
    assert "$" not in last
    assert "cached" not in last


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_to_do_is_no_error(terminal: bool) -> None:
    with progress("training", total=0, console=console(terminal=terminal)) as bar:
        bar.update(queries=0)


def test_silence() -> None:
    Silent().update(queries=1, best=0.5, hits=1, retries=1, usd=1.0)


def test_rich_is_imported_only_when_there_is_something_to_show() -> None:
    check = "import sys, bbprompt.progress; assert 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
