"""Folders: what cannot be laid is named, and the rest is done."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.overlay import write_overlay
from tests.deploy.folders import OVERLAY, lay, noise


def damaged(folder: Path) -> dict[str, Path]:
    """Files that cannot be used, by what their problem must say."""
    Image.fromarray(noise(300, 400)).save(folder / "whole.jpg")
    data = (folder / "whole.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(data[: len(data) // 2])
    (folder / "text.png").write_text("no image at all")
    (folder / "empty.png").touch()
    Image.fromarray(noise()[..., 0].astype(np.float32)).save(folder / "float.tif")
    huge = bytearray(_png(noise(1, 1)))
    huge[16:24] = (2**16).to_bytes(4, "big") * 2
    (folder / "huge.png").write_bytes(_with_header_sum(huge))
    return {
        "truncated": folder / "cut.jpg",
        "cannot identify": folder / "text.png",
        "not an image": folder / "empty.png",
        "mode F": folder / "float.tif",
        "decompression bomb": folder / "huge.png",
    }


def _png(pixels: UInt8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _with_header_sum(png: bytearray) -> bytes:
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    return bytes(png)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_file_is_named_and_the_rest_is_done(
    tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bbprompt.deploy.folder.AT_ONCE", 2)
    (source := tmp_path / "in").mkdir()
    bad = damaged(source)
    found = lay(source, tmp_path / "out", jobs=jobs)
    problems = {done.source: done.problem for done in found if done.problem}
    assert set(problems) == set(bad.values())
    for word, path in bad.items():
        assert str(path) in str(problems[path])
        assert word in str(problems[path])
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["whole.png"]


def test_a_file_that_kills_its_process_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    for index in range(34):
        Image.fromarray(noise()).save(source / f"{index:02d}.png")
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from bbprompt.data import files\n"
        "whole = files.open_rgb\n"
        "def deadly(path, **options):\n"
        "    if path.name == '20.png': os.kill(os.getpid(), 9)\n"
        "    return whole(path, **options)\n"
        "import bbprompt.deploy.laying as laying\n"
        "laying.open_rgb = deadly\n"
        "from bbprompt.deploy import lay_folder, pair_files\n"
        "from bbprompt.overlay import read_overlay\n"
        "if __name__ == '__main__':\n"
        "    out = Path(sys.argv[3])\n"
        "    pairs = pair_files([Path(sys.argv[2])], out)\n"
        "    for done in lay_folder(read_overlay(Path(sys.argv[1])), pairs, out, jobs=2):\n"
        "        if done.problem: print(done.problem)\n"
    )
    (tmp_path / "deadly.py").write_text(script)
    write_overlay(tmp_path / "prompt.png", OVERLAY)
    command = [sys.executable, tmp_path / "deadly.py", tmp_path / "prompt.png", source, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert "20.png ended the process that read it" in done.stdout
    assert len(list((tmp_path / "out").glob("*.png"))) == 33


def test_the_output_inside_the_input_is_not_laid_again(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png")
    for _ in range(2):
        lay(tmp_path, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*.png")] == ["a.png"]
