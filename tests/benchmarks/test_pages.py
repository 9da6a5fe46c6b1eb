"""The tables in the docs are those of the committed results."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np

from benchmarks import RESULTS, apply, jpeg, proxy
from benchmarks.queries import ablation, refit, rounding, slopes
from benchmarks.queries.store import Store
from benchmarks.queries.summary import summarise
from benchmarks.queries.table import markdown
from benchmarks.queries.verdict import headline
from benchmarks.readme import README
from benchmarks.tools.__main__ import BBPROMPT
from benchmarks.tools.__main__ import Measured as Tools
from benchmarks.tools.page import PAGE, PREPARES, blocks

PAGE_TEXT = PAGE.read_text(encoding="utf-8")


def test_the_jpeg_table_is_the_measured_one() -> None:
    measured = msgspec.json.decode((RESULTS / "jpeg.json").read_bytes(), type=jpeg.Measured)
    assert f"<!-- jpeg:begin -->\n{jpeg.table(measured.points)}\n<!-- jpeg:end -->" in PAGE_TEXT


def test_every_tool_of_the_page_was_measured_and_got_the_same_images_right() -> None:
    measured = msgspec.json.decode((RESULTS / "tools.json").read_bytes(), type=Tools)
    lays = {(block.tool, block.blend) for block in blocks() if block.tool not in {*PREPARES, "ffmpeg-video"}}
    assert {(row.tool, row.blend) for row in measured.rows} == lays | {(BBPROMPT, "add"), (BBPROMPT, "over")}
    assert all(row.largest_difference == 0 for row in measured.rows)
    for blend in ("add", "over"):
        (correct,) = {row.correct for row in measured.rows if row.blend == blend}
        assert f"{correct} of 100 for `{blend}`" in PAGE_TEXT


def test_no_reader_did_what_it_must_not() -> None:
    measured = msgspec.json.decode((RESULTS / "fuzz.json").read_bytes())
    assert measured["mutants"] >= 10_000
    assert set(measured["readers"]) == {"bbprompt", "read.py", "read.mjs", "read.c"}
    assert all(reader["wrong"] == [] for reader in measured["readers"].values())


def test_the_apply_table_is_the_measured_one() -> None:
    measured = msgspec.json.decode((RESULTS / "apply.json").read_bytes(), type=apply.Measured)
    page = (PAGE.parent / "apply.md").read_text(encoding="utf-8")
    assert f"<!-- apply:begin -->\n{apply.table(measured.ratios)}\n<!-- apply:end -->" in page


def test_the_proxy_s_figures_are_the_measured_ones() -> None:
    measured = msgspec.json.decode((RESULTS / "proxy.json").read_bytes(), type=proxy.Measured)
    page = (PAGE.parent / "proxy.md").read_text(encoding="utf-8")
    assert f"<!-- proxy:begin -->\n{proxy.table(measured)}\n<!-- proxy:end -->" in page


def test_what_rounding_costs_is_the_measured_range() -> None:
    path = RESULTS / "queries" / "rounding.json"
    measured = msgspec.json.decode(path.read_bytes(), type=rounding.Measured)
    assert path.with_suffix(".md").read_text(encoding="utf-8") == rounding.markdown(measured)

    def accuracy(task: str, decimals: int | None, of: str) -> float:
        rows = [row for row in measured.rounded if (row.task, row.decimals) == (task, decimals)]
        return float(np.mean([getattr(row, of) for row in rows]))

    tasks = {row.task for row in measured.rounded}
    assert len(tasks) == 7
    for of, said in {"map": ".02 to .25 of accuracy", "left": "it would be .04 to .29"}.items():
        costs = [accuracy(task, None, "map") - accuracy(task, 4, of) for task in tasks]
        assert f"{min(costs):.2f} to {max(costs):.2f}".replace("0.", ".") in said
        assert said in (PAGE.parent / "adapt-your-api.md").read_text(encoding="utf-8")


def test_the_pages_of_slopes_and_of_the_last_word_are_those_of_the_committed_figures() -> None:
    for name, module in (("slopes", slopes), ("refit", refit)):
        path = RESULTS / "queries" / f"{name}.json"
        measured = msgspec.json.decode(path.read_bytes(), type=module.Measured)
        assert path.with_suffix(".md").read_text(encoding="utf-8") == module.markdown(measured)


def test_the_tables_of_query_only_training_are_those_of_the_committed_cells() -> None:
    groups = summarise(Store(RESULTS / "queries").records())
    assert (RESULTS / "queries" / "table.md").read_text(encoding="utf-8") == markdown(groups, against="auto")
    assert (RESULTS / "queries" / "ablation.md").read_text(encoding="utf-8") == ablation.markdown(groups)
    assert headline(groups, "auto") in README.read_text(encoding="utf-8")


def test_what_the_docs_say_of_parts_stands_in_the_ablation() -> None:
    docs = (PAGE.parent / "theory" / "queries.md").read_text(encoding="utf-8")
    section = docs.partition("## What each part is worth")[2].partition("\n## ")[0]
    table = (RESULTS / "queries" / "ablation.md").read_text(encoding="utf-8")
    said = re.findall(r"(\d\.\d{3}) ± (\d\.\d{3})", section)
    assert len(said) >= 15
    missing = [pair for pair in said if not any(f"{sign}{pair[0]} ± {pair[1]}" in table for sign in "+-")]
    assert missing == []


def test_the_figure_is_there() -> None:
    assert (Path(PAGE).parent / "jpeg.svg").read_text(encoding="utf-8").startswith("<?xml")
