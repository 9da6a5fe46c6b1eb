"""The figures of benchmarks.faults are those of the books: what is wrong shows, and a quick run has nothing wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bbprompt.ledger import Budget, Ledger
from benchmarks.faults.__main__ import ZERO, measure, plan, read_parts, table
from benchmarks.faults.audit import BOOKS, Audit
from benchmarks.faults.books import Entry, Log, Use, read
from benchmarks.faults.client import LEDGER

KEYS = [bytes([number]) * 32 for number in range(4)]
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
VALUES = [row.tobytes() for row in ROWS]


def books(folder: Path, *entries: tuple[float, str, bool, list[int]]) -> None:
    log = Log(folder / BOOKS)
    for at, kind, billed, images in entries:
        log.write(Entry(at, kind, billed, [KEYS[i] for i in images], [VALUES[i] for i in images]))


def used(folder: Path, began: float, at: float, images: list[int], values: list[bytes] | None = None) -> None:
    Log(folder / "uses.log").write(Use(began, at, [KEYS[i] for i in images], values or [VALUES[i] for i in images]))


def paid_for(folder: Path, images: list[int]) -> None:
    with Ledger.open(folder / LEDGER, budget=Budget()) as ledger:
        reserved = ledger.reserve("a", [KEYS[i] for i in images], usd_per_query=None)
        ledger.settle(reserved, ROWS[images], "logits")


def figures(folder: Path, *, budget: int = 4) -> dict[str, int]:
    found = Audit(folder, budget).figures(kills=0, stops=0)
    return {name: getattr(found, name) for name in (*ZERO, "asked", "billed", "used")}


def test_sound_books_are_all_zero(tmp_path: Path) -> None:
    books(tmp_path, (1.0, "500", True, [0]), (2.0, "right answer", True, [0, 1]))
    paid_for(tmp_path, [0, 1])
    paid_for(tmp_path, [2])
    used(tmp_path, 0.5, 3.0, [0, 1])
    used(tmp_path, 4.0, 5.0, [1, 0])
    assert figures(tmp_path) == dict.fromkeys(ZERO, 0) | {"asked": 3, "billed": 3, "used": 4}


def test_what_was_asked_for_again_though_it_was_there_was_paid_twice(tmp_path: Path) -> None:
    books(tmp_path, (2.0, "right answer", True, [0, 1]), (6.0, "right answer", True, [1]))
    paid_for(tmp_path, [0, 1])
    used(tmp_path, 1.0, 3.0, [0, 1])
    used(tmp_path, 5.0, 7.0, [1])
    assert figures(tmp_path)["twice"] == 1


def test_two_runs_that_began_before_there_was_an_answer_have_each_paid_for_their_own(tmp_path: Path) -> None:
    books(tmp_path, (2.0, "right answer", True, [0]), (6.0, "right answer", True, [0]))
    paid_for(tmp_path, [0])
    used(tmp_path, 1.0, 3.0, [0])
    used(tmp_path, 1.5, 7.0, [0])
    assert figures(tmp_path)["twice"] == 0


def test_where_no_client_is_killed_an_image_needs_one_right_answer(tmp_path: Path) -> None:
    books(tmp_path, (1.0, "500", True, [0]), (2.0, "right answer", True, [0, 1]), (2.1, "right answer", True, [0]))
    paid_for(tmp_path, [0, 1])
    used(tmp_path, 0.5, 3.0, [0, 1])
    used(tmp_path, 0.5, 3.0, [0])
    assert Audit(tmp_path, 4, undisturbed=True).figures(kills=0, stops=0).twice == 1


def test_what_was_used_and_is_not_there_or_another_is_lost_and_what_nobody_answered_is_wrong(
    tmp_path: Path,
) -> None:
    books(tmp_path, (2.0, "right answer", True, [0, 1, 2]))
    paid_for(tmp_path, [0, 1])
    used(tmp_path, 1.0, 3.0, [0, 1, 2], [VALUES[0], VALUES[3], VALUES[2]])
    found = figures(tmp_path)
    assert (found["lost"], found["wrong"], found["uncounted"]) == (2, 1, 1)


def test_what_was_on_disk_at_one_look_must_be_there_at_the_next(tmp_path: Path) -> None:
    paid_for(tmp_path, [0, 1])
    audit = Audit(tmp_path, 4)
    audit.look()
    (tmp_path / LEDGER).unlink()
    paid_for(tmp_path, [1])
    assert audit.figures(kills=1, stops=0).lost == 1


def test_more_than_the_budget_shows(tmp_path: Path) -> None:
    books(tmp_path, (2.0, "right answer", True, [0, 1, 2]))
    paid_for(tmp_path, [0, 1, 2])
    assert figures(tmp_path, budget=2)["over"] == 2


def test_a_record_that_was_just_being_written_is_left_out(tmp_path: Path) -> None:
    books(tmp_path, (1.0, "500", True, [0]), (2.0, "429", False, [1]))
    content = (tmp_path / BOOKS).read_bytes()
    (tmp_path / BOOKS).write_bytes(content[:-3])
    assert [entry.kind for entry in read(tmp_path / BOOKS, Entry)] == ["500"]


@pytest.mark.timeout(240)
def test_a_quick_run_has_nothing_wrong() -> None:
    quick = plan(runs=1, scale=0.1)
    parts = {name: quick[name] for name in ("attack 0", "two runs on one ledger", "answers vary")}
    measured = list(measure(parts, jobs=2))
    assert {part.part for part in measured} == set(parts)
    assert [(part.part, name) for part in measured for name in ZERO if getattr(part.figures, name)] == []
    assert all(part.figures.requests > 50 for part in measured)
    assert sum(part.figures.kills for part in measured) >= 4


def test_the_committed_run_is_as_long_as_it_says_and_has_nothing_wrong() -> None:
    parts = read_parts()
    assert sum(part.figures.requests for part in parts) >= 100_000
    assert sum(part.figures.kills for part in parts) >= 200
    assert [(part.part, name) for part in parts for name in ZERO if getattr(part.figures, name)] == []
    assert (Path(__file__).parents[2] / "benchmarks/results/faults/table.md").read_text("utf-8") == table(parts)
