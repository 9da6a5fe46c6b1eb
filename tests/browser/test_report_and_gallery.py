"""The report and the gallery in Chromium, as on a phone: nothing is asked for or scrolls sideways, all is legible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bbprompt.report import open_exhibit, write_gallery, write_report
from tests.fake_runs import accuracy_record, fake_run, gradient_run
from tests.golden.cases import FOLDER
from tests.test_gallery import run_folder

PHONE = {"width": 390, "height": 844}
LONG = "a run whose name goes on for as long as people make names go on, seed 0"

WORDS = """[...document.querySelectorAll("body *")].filter((element) =>
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))"""

LEAST_CONTRAST = f"""() => {{
  const canvas = document.createElement("canvas").getContext("2d", {{willReadFrequently: true}});
  const light = (colour) => {{
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
    const linear = [r, g, b].map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return {{a, l: .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]}};
  }};
  const behind = (element) => {{
    for (let at = element; at; at = at.parentElement) {{
      const {{a, l}} = light(getComputedStyle(at).backgroundColor);
      if (a > .99) return l;
    }}
    return 1;
  }};
  return Math.min(...{WORDS}.map((element) => {{
    const style = getComputedStyle(element);
    const ink = light(element instanceof SVGElement ? style.fill : style.color).l, paper = behind(element);
    return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
  }}));
}}"""
"""WCAG 2.2's contrast of the word that stands out least."""

SMALLEST = f"""() => Math.min(...{WORDS}.map((element) => {{
  const {{a, b}} = element.getScreenCTM?.() ?? {{a: 1, b: 0}};
  return parseFloat(getComputedStyle(element).fontSize) * Math.hypot(a, b);
}}))"""
"""Pixels of the screen, also where a figure is scaled down or its words are turned."""


@pytest.fixture(scope="module", params=["report", "gallery"])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    path = folder / f"{request.param}.html"
    if request.param == "report":
        runs = [fake_run("spsa"), fake_run(LONG, no_prompt=accuracy_record(40, 100)), gradient_run()]
        write_report(path, runs, title=LONG)
    else:
        prompts = [run_folder(folder / LONG), FOLDER / "padding-over.png", FOLDER / "full-image-add.png"]
        write_gallery(path, [open_exhibit(prompt) for prompt in prompts], title=LONG)
    return path


@pytest.fixture(params=["light", "dark"])
def shown(request: pytest.FixtureRequest, browser: Any, page_file: Path) -> Iterator[tuple[Any, list[str]]]:
    """The page, and every address that was asked for to show it."""
    context = browser.new_context(viewport=PHONE, color_scheme=request.param, is_mobile=True)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    yield page, asked
    context.close()


def test_a_page_asks_for_itself_alone(shown: tuple[Any, list[str]], page_file: Path) -> None:
    _, asked = shown
    assert [url for url in asked if not url.startswith("data:image/png;")] == [page_file.as_uri()]


def test_nothing_scrolls_sideways_on_a_phone(shown: tuple[Any, list[str]]) -> None:
    page, _ = shown
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [PHONE["width"], PHONE["width"]]


def test_every_word_stands_out_from_what_is_behind_it(shown: tuple[Any, list[str]]) -> None:
    page, _ = shown
    assert page.evaluate(LEAST_CONTRAST) >= 4.5  # WCAG 2.2, 1.4.3


def test_dark_mode_is_dark(shown: tuple[Any, list[str]]) -> None:
    page, _ = shown
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    levels = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(levels) < 64) == dark


def test_no_word_is_small_not_in_a_figure_either(shown: tuple[Any, list[str]]) -> None:
    page, _ = shown
    assert page.evaluate(SMALLEST) >= 10.5
