"""A table says of each figure what it rests on."""

from __future__ import annotations

from benchmarks.queries.summary import Group
from benchmarks.queries.table import markdown


def test_a_figure_of_fewer_seeds_than_its_row_says_so() -> None:
    floor, ceiling = dict.fromkeys(range(5), 0.5), dict.fromkeys(range(5), 0.9)
    found = {500: dict.fromkeys(range(5), 0.6), 50_000: dict.fromkeys(range(3), 0.7)}
    group = Group("one", "full", "16", floor, ceiling, {"nes": found}, {"nes": {}})
    (row,) = [line for line in markdown([group]).splitlines() if line.startswith("| nes")]
    few, many = row.split("|")[3:5]
    assert "seeds" not in few
    assert many.strip() == "0.700 ± 0.000 (0.50 ± 0.00), 3 seeds"
