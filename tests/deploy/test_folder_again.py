"""Folders: an interrupted call goes on, and nothing half done or another prompt's is taken for done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.deploy import lay_folder, pair_files
from bbprompt.errors import DataError
from bbprompt.overlay import write_overlay
from tests.deploy.folders import OVERLAY, laid, lay, noise
from tests.golden.cases import overlay_of


def test_a_second_call_keeps_what_is_done_and_lays_what_is_new(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(noise()).save(source / f"{name}.png")
    lay(source, tmp_path / "out")
    before = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    Image.fromarray(noise() // 2).save(source / "c.png")
    Image.fromarray(noise() // 3).save(source / "b.png")
    later = time.time() + 5
    os.utime(source / "b.png", (later, later))
    assert [(done.source.name, done.kept) for done in lay(source, tmp_path / "out")] == [
        ("a.png", True),
        ("b.png", False),
        ("c.png", False),
    ]
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == before
    np.testing.assert_array_equal(laid(tmp_path / "out" / "b.png"), OVERLAY.apply((noise() // 3)[None])[0])
    assert not any(done.kept for done in lay(source, tmp_path / "out", overwrite=True))


def test_another_prompt_s_images_are_not_taken_for_this_one_s(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    Image.fromarray(noise()).save(source / "a.png")
    lay(source, tmp_path / "out")
    other = overlay_of("padding", "over")
    with pytest.raises(
        DataError, match=r"holds images of another prompt, or a draft; give another folder, or --overwrite"
    ):
        lay(source, tmp_path / "out", overlay=other)
    lay(source, tmp_path / "out", overlay=other, overwrite=True)
    np.testing.assert_array_equal(laid(tmp_path / "out" / "a.png"), other.apply(noise()[None])[0])


def test_an_overwriting_call_that_was_stopped_leaves_nothing_that_is_taken_for_done(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(noise()).save(source / f"{name}.png")
    lay(source, tmp_path / "out")
    for folder, seconds_ago in ((source, 20), (tmp_path / "out", 10)):  # clocks of files are coarse
        for path in folder.iterdir():
            os.utime(path, (time.time() - seconds_ago,) * 2)
    other = overlay_of("padding", "over")
    pairs = pair_files([source], tmp_path / "out")
    stopped = lay_folder(other, pairs, tmp_path / "out", jobs=1, overwrite=True)
    assert next(stopped).source.name == "a.png"
    stopped.close()  # type: ignore[attr-defined]
    assert [done.kept for done in lay(source, tmp_path / "out", overlay=other)] == [True, False]
    np.testing.assert_array_equal(laid(tmp_path / "out" / "b.png"), other.apply(noise()[None])[0])


def test_a_killed_call_leaves_whole_files_only_and_the_next_goes_on(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    for index in range(300):
        Image.fromarray(noise(64, 64)).save(source / f"{index:03d}.png")
    write_overlay(tmp_path / "prompt.png", OVERLAY)
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "bbprompt",
        "apply",
        tmp_path / "prompt.png",
        source,
        "--out",
        out,
        "--jobs",
        "1",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(list(out.glob("*.png"))) <= 5:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    half = sorted(out.glob("*.png"))
    assert len(half) > 5
    for path in half:
        np.testing.assert_array_equal(laid(path), OVERLAY.apply(noise(64, 64)[None])[0])
    found = lay(source, out)
    assert len(found) == 300
    assert sum(done.kept for done in found) == len(half)
    assert len(list(out.glob("*.png"))) == 300
