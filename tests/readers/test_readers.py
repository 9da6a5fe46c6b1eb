"""The reference readers lay the golden prompts to the pixel, from the command line, and refuse what they must."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.overlay import read_overlay
from benchmarks.fuzz.readers import compile_c
from tests.golden.cases import CASES, FOLDER, image

READERS = Path(__file__).resolve().parents[2] / "examples" / "readers"
SCREEN = 66, 120
"""Lines and columns."""
LAID = [(name, blend) for name, blend in CASES if name != "random-patch"]


@pytest.fixture(scope="module", params=["read.py", "read.mjs", "read.c"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    path = READERS / request.param
    match path.suffix:
        case ".py":
            return [sys.executable, str(path)]
        case ".mjs":
            return [shutil.which("node") or pytest.skip("node is not installed"), str(path)]
    compiled = compile_c(path, tmp_path_factory.mktemp("c") / "read")
    return [str(compiled)] if compiled else pytest.skip("no C compiler with libpng and Jansson; see `make fuzz`")


def photo(prompt: Path) -> UInt8:
    """The test image at the size that a prompt wants, resized as bbprompt does."""
    template = read_overlay(prompt).template
    prepared = template.prepare(image())[0]
    frame = template.size if getattr(template, "shrink", False) else 0  # type: ignore[attr-defined]
    return prepared[frame : prepared.shape[0] - frame, frame : prepared.shape[1] - frame]


def lay(reader: Sequence[str], prompt: Path, pixels: UInt8, folder: Path) -> subprocess.CompletedProcess[bytes]:
    Image.fromarray(pixels).save(folder / "photo.ppm")
    return subprocess.run([*reader, str(prompt), str(folder / "photo.ppm")], capture_output=True, check=False)


@pytest.mark.parametrize(
    "path", [path for path in sorted(READERS.iterdir()) if path.is_file()], ids=lambda p: p.name
)
def test_is_seen_at_one_look(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= SCREEN[0]
    assert max(map(len, lines)) <= SCREEN[1]


@pytest.mark.parametrize(("name", "blend"), LAID)
def test_lays_the_golden_pixels(reader: Sequence[str], name: str, blend: str, tmp_path: Path) -> None:
    prompt = FOLDER / f"{name}-{blend}.png"
    done = lay(reader, prompt, photo(prompt), tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(FOLDER / f"{name}-{blend}.laid.png") as expected:
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(done.stdout))), np.asarray(expected))


@pytest.mark.parametrize("prompt", ["random-patch-add.png", "padding-add.laid.png"])
def test_refuses_what_it_cannot_lay(reader: Sequence[str], prompt: str, tmp_path: Path) -> None:
    done = lay(reader, FOLDER / prompt, photo(FOLDER / "padding-add.png"), tmp_path)
    assert done.returncode != 0
    assert done.stdout == b""
    assert done.stderr


def test_refuses_a_photo_of_another_size(reader: Sequence[str], tmp_path: Path) -> None:
    done = lay(reader, FOLDER / "padding-add.png", image()[0], tmp_path)
    assert done.returncode != 0
    assert b"15" in done.stderr or b"size" in done.stderr
