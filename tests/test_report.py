from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import astuple
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from bbprompt.errors import ConfigError, DataError, OverlayError
from bbprompt.records import Costs, RunRecord
from bbprompt.report import write_report
from bbprompt.report.pictures import stretched_uri
from bbprompt.report.sections import headline
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
