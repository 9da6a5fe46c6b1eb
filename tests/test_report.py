from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import astuple
from html.parser import HTMLParser
from io import BytesIO
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from PIL import Image

from bbprompt import report
from bbprompt.errors import ConfigError, DataError, OverlayError
from bbprompt.records import Costs, RunRecord
from bbprompt.report import save_figures, write_report
from bbprompt.report.figures import drawn, panels, plots
from bbprompt.report.pictures import stretched_uri
from bbprompt.report.sections import headline
from bbprompt.report.style import CURVES, DAY, PAGE, PAPER, look
from bbprompt.table import rows
from tests.fake_runs import accuracy_record, fake_run, gradient_run, overlay_png

NASTY = '<b>&"'


class Page(HTMLParser):
    """Every tag, attribute and word of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]


def page(tmp_path: Path, *runs: RunRecord, title: str = "Pets") -> Page:
    write_report(tmp_path / "report.html", runs, title=title)
    return Page(tmp_path / "report.html")


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    found = page(tmp_path, fake_run(), gradient_run())
    for value in found.values("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
        assert value.startswith(("data:image/png;base64,", "#")), value
    assert not {"script", "link", "iframe", "object", "base"} & set(found.tags)
    assert "@import" not in found.source
    assert set(re.findall(r"url\((.)", found.source)) <= {"#"}
    assert set(re.findall(r'https?://[^"]*', found.source)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_the_page_holds_every_figure_of_the_table(tmp_path: Path) -> None:
    runs = [fake_run(), gradient_run()]
    text = page(tmp_path, *runs).text
    for row in rows(runs):
        assert all(cell in text for cell in astuple(row))


def test_names_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    found = page(tmp_path, fake_run(NASTY, classes=(NASTY, "$x_"), oracle=NASTY, label_map=NASTY), title=NASTY)
    assert NASTY not in found.source
    assert found.text.count(NASTY) >= 7
    assert f"{NASTY}, no prompt" in found.values("alt")


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    first = page(tmp_path, fake_run(), gradient_run()).source
    assert page(tmp_path, fake_run(), gradient_run()).source == first


def test_ids_are_unique_and_every_reference_finds_one(tmp_path: Path) -> None:
    found = page(tmp_path, fake_run(), fake_run("other"), gradient_run())
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    used = {value[1:] for value in found.values("href", "xlink:href") if value.startswith("#")}
    used |= set(re.findall(r"url\(#([^)]*)\)", found.source))
    assert used <= set(ids)


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


def test_a_run_without_a_look_at_validation_has_no_curve(tmp_path: Path) -> None:
    assert "svg" not in page(tmp_path, msgspec.structs.replace(fake_run(), history=[])).tags


def test_right_and_wrong_are_words_too(tmp_path: Path) -> None:
    text = page(tmp_path, fake_run()).text
    assert "no prompt ✗ wrong: dog with the prompt ✓ right: cat" in text
    assert "no prompt ✗ wrong: cat with the prompt ✓ right: dog" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "gets 74.0 % [64.6, 81.6] of the test images right, 43.0 points more than no prompt + linear map"),
        ({}, "with 12,345 queries, price unknown, in 123 s."),
        ({"prompt": accuracy_record(35, 100)}, "4.0 points more (the intervals overlap) than"),
        ({"prompt": accuracy_record(10, 100)}, "21.0 points fewer than"),
        ({"prompt": accuracy_record(31, 100)}, "right, the same as no prompt"),
        ({"stopped": "budget"}, "its budget ended first."),
        (
            {"costs": Costs(queries=5, passes=None, budget=9, usd=1.5, seconds=2)},
            "with 5 queries, for $1.50, in 2 s.",
        ),
    ],
)
def test_the_headline_says_what_for_and_against_what(changes: dict[str, object], words: str) -> None:
    assert words in headline(fake_run(**changes).result)  # type: ignore[arg-type]


def test_a_local_model_costs_passes() -> None:
    assert "with 16,000 images passed through a local model, nothing paid" in headline(gradient_run().result)


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(b64decode(uri.removeprefix("data:image/png;base64,")))))


def test_stretching_fills_the_range_and_leaves_grey_alone() -> None:
    pixels = decoded(stretched_uri(overlay_png(level=20)))
    assert pixels[0, 0].tolist() == [255, 128, 128]
    assert (pixels[1:] == 128).all()


def test_stretching_keeps_what_is_transparent() -> None:
    pixels = decoded(stretched_uri(overlay_png(mode="RGBA", level=20)))
    assert pixels[0, 0].tolist() == [255, 128, 128, 255]
    assert (pixels[1:, :, 3] == 0).all()


def test_stretching_an_empty_prompt_leaves_it_empty() -> None:
    assert (decoded(stretched_uri(overlay_png(level=0))) == 128).all()


def test_no_run_no_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="got none"):
        page(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_damaged_prompt_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match="not a PNG"):
        page(tmp_path, msgspec.structs.replace(fake_run(), overlay_png=b"nothing"))


def test_a_missing_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r"bbprompt\[report\]"):
        page(tmp_path, fake_run())


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        write_report(tmp_path / "nowhere" / "report.html", [fake_run()], title="Pets")


def test_matplotlib_is_imported_only_to_draw() -> None:
    check = "import sys, bbprompt.report; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


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
