"""docs/tools.md: every block, run as printed with the real tool, lays the pixels that bbprompt lays."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.overlay import Overlay, OverlayMeta, write_overlay
from bbprompt.templates import LEVELS, Blend, make_template
from benchmarks.tools.page import PAGE, PREPARES, Block, blocks
from benchmarks.tools.runners import GIMP_MODES, ToolMissing, find, run_block

SIZE = (48, 64)
META = OverlayMeta(oracle="tools", classes=("a",), label_map={"name": "identity"})
LAYS = [block for block in blocks() if block.tool not in {*PREPARES, "ffmpeg-video"}]
WITH_TOOLS = "BBPROMPT_TEST_TOOLS"
"""Set by `make test-tools`, which installs them; `make test` runs what Python alone can run."""


def overlay(blend: Blend, *, shrink: bool = False) -> Overlay:
    template = make_template("padding", canvas=SIZE, blend=blend, size=3 if shrink else 15, shrink=shrink)
    low, high = LEVELS[blend]
    levels = np.random.default_rng(0).integers(low, high + 1, (*SIZE, 3))
    return Overlay(template, levels * template.mask[..., None], META)


def photos() -> list[UInt8]:
    """Noise, which reaches every sum of two levels, and a smooth picture."""
    noise = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    smooth = np.stack([rows * 5, columns * 3, rows + columns], axis=-1).astype(np.uint8)
    return [noise, smooth]


def folders(at: Path, prompt: Overlay, pictures: list[UInt8]) -> list[Path]:
    made = [at / str(index) for index in range(len(pictures))]
    for folder, picture in zip(made, pictures, strict=True):
        folder.mkdir()
        write_overlay(folder / "prompt.png", prompt)
        Image.fromarray(picture).save(folder / "photo.png")
    return made


def laid(folder: Path) -> UInt8:
    with Image.open(folder / "laid.png") as image:
        return np.asarray(image.convert("RGB"))


def run(block: Block, where: list[Path]) -> None:
    if block.language != "python" and not os.environ.get(WITH_TOOLS):
        pytest.skip(f"{block.tool} runs in `make test-tools`")
    try:
        run_block(block, where)
    except ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("block", LAYS, ids=lambda block: block.name)
def test_a_block_lays_the_pixels_that_bbprompt_lays(block: Block, tmp_path: Path) -> None:
    lays_the_same(block, tmp_path)


def lays_the_same(block: Block, tmp_path: Path) -> None:
    prompt = overlay(block.blend)  # type: ignore[arg-type]
    where = folders(tmp_path, prompt, photos())
    run(block, where)
    for folder, photo in zip(where, photos(), strict=True):
        np.testing.assert_array_equal(laid(folder), prompt.apply(photo[None])[0])


@pytest.mark.parametrize("command", ["magick-im7.q16hdri", "convert"])
@pytest.mark.parametrize("block", [b for b in LAYS if b.tool == "imagemagick"], ids=lambda block: block.name)
def test_imagemagick_with_hdri_and_version_6_lay_the_same(block: Block, command: str, tmp_path: Path) -> None:
    code = block.code.replace("magick ", f"{command} ", 1)
    assert code.startswith(command)
    lays_the_same(replace(block, code=code), tmp_path)


@pytest.mark.parametrize("command", ["magick", "magick-im7.q16hdri", "convert"])
def test_imagemagick_adds_any_two_levels_exactly(command: str, tmp_path: Path) -> None:
    block = next(block for block in LAYS if block.name == "imagemagick add")
    photo, prompt = np.mgrid[:256, :256].astype(np.uint8)
    for name, levels in {"photo.png": photo, "prompt.png": prompt}.items():
        Image.fromarray(np.stack([levels] * 3, axis=-1)).save(tmp_path / name)
    run(replace(block, code=block.code.replace("magick ", f"{command} ", 1)), [tmp_path])
    expected = np.clip(photo.astype(int) + prompt - 128, 0, 255)
    np.testing.assert_array_equal(laid(tmp_path), np.stack([expected] * 3, axis=-1))


def test_gimp_s_other_grain_merge_is_within_one_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GIMP_MODES, "add", "LAYER-MODE-GRAIN-MERGE")
    (block,) = [block for block in LAYS if block.name == "gimp add"]
    where = folders(tmp_path, overlay("add"), photos())
    run(block, where)
    for folder, photo in zip(where, photos(), strict=True):
        away = np.abs(laid(folder).astype(int) - overlay("add").apply(photo[None])[0])
        assert away.max() == 1


@pytest.mark.parametrize("block", [b for b in blocks() if b.tool == "ffmpeg-video"], ids=lambda block: block.name)
def test_every_frame_of_a_video_is_prompted(block: Block, tmp_path: Path) -> None:
    prompt = overlay(block.blend)  # type: ignore[arg-type]
    try:
        ffmpeg = str(find("ffmpeg"))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    write_overlay(tmp_path / "prompt.png", prompt)
    source = f"testsrc2=size={SIZE[1]}x{SIZE[0]}:rate=5:duration=2"
    made = [ffmpeg, "-f", "lavfi", "-i", source, "-pix_fmt", "gbrp", "-c:v", "ffv1", str(tmp_path / "photos.mkv")]
    subprocess.run(made, check=True, capture_output=True)
    run(block, [tmp_path])
    before, after = (_frames(ffmpeg, tmp_path / name) for name in ("photos.mkv", "laid.mkv"))
    assert len(before) == 10
    np.testing.assert_array_equal(after, prompt.apply(before))


def _frames(ffmpeg: str, path: Path) -> UInt8:
    done = subprocess.run(
        [ffmpeg, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, *SIZE, 3)


@pytest.mark.parametrize("block", [b for b in blocks() if b.tool in PREPARES], ids=lambda block: block.name)
def test_an_image_of_another_size_is_prepared_as_bbprompt_does(block: Block, tmp_path: Path) -> None:
    prompt = overlay(block.blend, shrink=block.tool == "shrink")  # type: ignore[arg-type]
    picture = np.random.default_rng(2).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    where = folders(tmp_path, prompt, [picture])
    run(block, where)
    np.testing.assert_array_equal(laid(where[0]), prompt.template.prepare(picture[None])[0])


def test_a_heading_says_which_prompts_a_block_resizes_for() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for tool, heading in {"shrink": "### Where `template.shrink` is true", "resize": "### Otherwise"}.items():
        assert re.findall(r"^#+ .*$", page[: page.index(f"<!-- run: {tool} ")], re.MULTILINE)[-1] == heading


def test_the_page_names_every_tool_that_is_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(LAYS) == 14
    assert len(re.findall(r"<!-- run: ", page)) == len(re.findall(r"^```(?!toml)\w+$", page, re.MULTILINE))
