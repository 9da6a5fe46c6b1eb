"""The learning curves: which there are, and whose are named."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from benchmarks.queries.figure import NAMED, draw, overview
from benchmarks.queries.records import Cell
from benchmarks.queries.summary import Group, summarise
from tests.benchmarks.test_store import record_of

WIDE = ("bar", "nes, tuned", "antithetic, tuned", "spsa-gc, tuned", "nes", "spsa")
NARROW = "sep-cma-dct"


def groups() -> list[Group]:
    """Two tasks: some peers were run on both, a stronger one on the first alone."""
    found = {"no-prompt": 0.5, "gradient": 0.9, "auto": 0.8, **dict.fromkeys(WIDE, 0.55)}
    records = [
        record_of(
            method,
            seed,
            {500: value, 1000: value},
            cell=Cell(task=task, answers=answers, shots="16", method=method, seed=seed),
        )
        for task in ("one", "two")
        for answers in ("full", "label")
        for seed in (11, 23)
        for method, value in {**found, **({NARROW: 0.85} if task == "one" else {})}.items()
    ]
    return summarise(records)


def legend(path: Path) -> str:
    """What the figure says below its panels."""
    return path.read_text(encoding="utf-8").rsplit('id="legend', 1)[-1]


def test_colours_go_to_the_peers_that_most_panels_show(tmp_path: Path) -> None:
    assert len(WIDE) == NAMED
    draw(groups(), tmp_path / "curves.svg")
    said = legend(tmp_path / "curves.svg")
    for name in ("auto", *WIDE, "gradients", "map alone", "other peers"):
        assert f">{name}<" in said
    assert NARROW not in said


def test_the_overview_has_one_panel_a_task(tmp_path: Path) -> None:
    shown = overview(groups())
    assert [group.title for group in shown] == ["one, full, 16", "two, full, 16"]
    draw(shown, tmp_path / "overview.svg", across=5)
    figure = (tmp_path / "overview.svg").read_text(encoding="utf-8")
    assert all(group.title in figure for group in shown)
    assert "label" not in figure.split('id="legend')[0]
