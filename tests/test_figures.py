"""The report's figures: which there are, what they say, and that everybody can tell their curves apart."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from bbprompt import report
from bbprompt.report import save_figures
from bbprompt.report.figures import drawn, panels, plots
from bbprompt.report.style import CURVES, DAY, PAGE, PAPER, look
from tests.fake_runs import accuracy_record, fake_run, gradient_run


def test_the_figures_compare_accuracies_curves_and_each_cost_that_two_runs_have() -> None:
    runs = [fake_run("_$spsa$"), fake_run("nes", no_prompt=accuracy_record(40, 100)), gradient_run()]
    names = {plot.name for plot in plots(runs)}
    assert names == {"accuracy", "curves-queries", "curves-passes", "cost-queries", "cost-seconds"}
    assert [plot.name for plot in plots(runs[:1])] == ["curves-queries"]
    words = {panel.caption: list(ElementTree.fromstring(panel.svg).itertext()) for panel in panels(runs)}
    said = words["Test accuracy, each with its interval"]
    assert {"_$spsa$", "nes", "gradient", "74.0 %", "82.0 %", "31.0 %", "40.0 %"} <= set(said)
    for unit, alone in (("queries", "nes"), ("passes", "gradient")):
        (said,) = [
            said for caption, said in words.items() if caption.startswith(f"Validation accuracy against {unit}")
        ]
        assert alone in said
        assert ("_$spsa$" in said) == (unit == "queries")


def test_the_colours_of_a_panel_are_the_pages() -> None:
    for panel in panels([fake_run(), gradient_run()]):
        assert set(re.findall(r"(?:fill|stroke): ([^;\"]*)", panel.svg)) <= {"none", *PAGE.values()}


def test_curves_of_different_units_stand_on_the_same_accuracies() -> None:
    low = msgspec.structs.replace(gradient_run(), history=gradient_run().history[:1])
    drawings = [drawn(plot, PAPER) for plot in plots([fake_run(), low]) if plot.name.startswith("curves")]
    (one,), (other,) = (drawing.axes for drawing in drawings)
    assert one.get_ylim() == other.get_ylim()


@pytest.mark.parametrize("count", [2, 9])
def test_no_legend_covers_data(count: int) -> None:
    runs = [fake_run(f"a name that is as long as people make them, number {index}") for index in range(count)]
    for plot in plots(runs):
        figure = drawn(plot, PAPER)
        figure.savefig(BytesIO())
        (axes,) = figure.axes
        assert axes.get_window_extent().height > 100
        for legend in figure.legends:
            assert not legend.get_window_extent().overlaps(axes.get_window_extent())
            assert figure.bbox.width >= legend.get_window_extent().x1


def test_every_run_is_drawn_and_looks_like_no_other_however_many() -> None:
    names = [f"run {index}" for index in range(8)]
    runs = [fake_run(name) for name in names]
    for panel in panels(runs):
        assert set(names) <= set(ElementTree.fromstring(panel.svg).itertext())
    looks = [look(index, PAPER) for index in range(42)]
    assert len({(its.colour, its.marker) for its in looks}) == 42


def linear(colour: str) -> np.ndarray:
    """sRGB to linear light."""
    levels = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b*, D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    xyz = to_xyz @ light.clip(0, 1) / (0.95047, 1, 1.08883)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""Machado, Oliveira and Fernandes 2009, severity 1, on linear light."""


def palettes() -> list[tuple[str, ...]]:
    css = (Path(report.__file__).parent / "page.css").read_text(encoding="utf-8")
    found = re.findall(r"--curve-\d: (#\w{6})", css)
    return [tuple(found[: len(CURVES)]), tuple(found[len(CURVES) :])]


@pytest.mark.parametrize("who", SEEN_BY)
def test_curves_are_told_apart_by_everybody_by_day_and_by_night(who: str) -> None:
    for palette in palettes():
        seen = [lab(SEEN_BY[who] @ linear(colour)) for colour in palette]
        assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 35


def test_a_paper_s_colours_are_the_pages_by_day() -> None:
    assert palettes()[0] == DAY


def test_figures_are_files_for_a_paper_the_same_each_time(tmp_path: Path) -> None:
    runs = [fake_run("query-only"), fake_run("other"), gradient_run()]
    written = save_figures(tmp_path / "one", runs)
    assert {path.name for path in written} == {f"{p.name}.{s}" for p in plots(runs) for s in ("pdf", "svg")}
    for path in written:
        content = path.read_bytes()
        assert content.startswith(b"%PDF" if path.suffix == ".pdf" else b"<?xml")
        assert b"#0a000" not in content
        assert b"#0b000" not in content
    for one, two in zip(written, save_figures(tmp_path / "two", runs), strict=True):
        assert one.read_bytes() == two.read_bytes()
