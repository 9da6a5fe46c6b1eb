"""PNGs written once, by version 1, still read as they did and still lay the same pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bbprompt.overlay import encode_overlay, read_overlay
from bbprompt.png import open_png
from bbprompt.templates import TEMPLATES, Blend
from tests.golden.cases import CASES, FOLDER, META, image, overlay_of, template_of

every_case = pytest.mark.parametrize(("name", "blend"), CASES)


@every_case
def test_an_old_png_reads_as_it_did(name: str, blend: Blend) -> None:
    overlay = read_overlay(FOLDER / f"{name}-{blend}.png")
    assert overlay.template == template_of(name, blend)
    assert overlay.meta == META
    np.testing.assert_array_equal(overlay.levels, overlay_of(name, blend).levels)


@every_case
def test_an_old_png_lays_the_same_pixels(name: str, blend: Blend) -> None:
    laid = read_overlay(FOLDER / f"{name}-{blend}.png").apply(image())[0]
    with Image.open(FOLDER / f"{name}-{blend}.laid.png") as expected:
        np.testing.assert_array_equal(laid, np.asarray(expected))


@every_case
def test_a_new_png_has_the_old_chunk(name: str, blend: Blend) -> None:
    old = open_png((FOLDER / f"{name}-{blend}.png").read_bytes()).info["bbprompt"]
    assert open_png(encode_overlay(overlay_of(name, blend))).info["bbprompt"] == old


def test_every_template_has_a_golden_file() -> None:
    assert {name.removesuffix("-shrink") for name, _ in CASES} == set(TEMPLATES)
    assert {path.name for path in FOLDER.iterdir()} == {f"{n}-{b}{s}.png" for n, b in CASES for s in ("", ".laid")}
