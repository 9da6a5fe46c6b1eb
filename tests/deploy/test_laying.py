"""Laying an overlay over image files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.deploy import apply_to_file, pair_files
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay
from tests.golden.cases import overlay_of

ORIENTATION = 0x0112


@pytest.fixture
def overlay() -> Overlay:
    return overlay_of("padding", "add")


def photo(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1"])
def test_any_eight_bit_image_becomes_what_the_oracle_gets(tmp_path: Path, overlay: Overlay, mode: str) -> None:
    photo(mode).save(tmp_path / "a.png")
    apply_to_file(overlay, tmp_path / "a.png", tmp_path / "out" / "a.png")
    expected = overlay.apply(np.asarray(photo(mode).convert("RGB"))[None])[0]
    with Image.open(tmp_path / "out" / "a.png") as laid:
        assert laid.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(laid), expected)


def test_a_photograph_is_turned_upright_first(tmp_path: Path, overlay: Overlay) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo().save(tmp_path / "a.png", exif=exif)
    apply_to_file(overlay, tmp_path / "a.png", tmp_path / "b.png")
    upright = np.asarray(photo().transpose(Image.Transpose.ROTATE_270))
    with Image.open(tmp_path / "b.png") as laid:
        np.testing.assert_array_equal(np.asarray(laid), overlay.apply(upright[None])[0])


def test_an_image_is_never_overwritten_by_its_own_prompted_copy(tmp_path: Path, overlay: Overlay) -> None:
    photo().save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(DataError, match="would be overwritten; give another output folder"):
        apply_to_file(overlay, tmp_path / "a.png", tmp_path / "." / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path, overlay: Overlay) -> None:
    (tmp_path / "text.png").write_text("no image")
    photo().save(tmp_path / "a.png")
    for source, target in (("text.png", "b.png"), ("missing.png", "b.png"), ("a.png", "text.png/b.png")):
        with pytest.raises(DataError, match=re.escape(target if source == "a.png" else source)):
            apply_to_file(overlay, tmp_path / source, tmp_path / target)
    assert not (tmp_path / "b.png").exists()


def test_folders_are_walked_and_keep_their_shape(tmp_path: Path) -> None:
    for name in ("in/b.jpg", "in/deep/a.PNG", "in/notes.txt", "single.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "out"
    assert pair_files([tmp_path / "in", tmp_path / "single.webp"], out) == [
        (tmp_path / "in/b.jpg", out / "b.png"),
        (tmp_path / "in/deep/a.PNG", out / "deep/a.png"),
        (tmp_path / "single.webp", out / "single.png"),
    ]


def test_two_images_never_become_one(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"a.jpg and .*a.png would both become .*out/a.png"):
        pair_files([tmp_path], tmp_path / "out")


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image found"):
        pair_files([tmp_path], tmp_path / "out")


def test_deploying_needs_no_torch() -> None:
    check = "import sys; sys.modules['torch'] = None; import bbprompt.deploy, bbprompt.prompt"
    subprocess.run([sys.executable, "-c", check], check=True)
