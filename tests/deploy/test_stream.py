"""Streams: one image of any kind, or PPM after PPM."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.cli import cli
from bbprompt.deploy import Laying, lay_stream
from bbprompt.errors import DataError
from bbprompt.overlay import write_overlay
from tests.golden.cases import overlay_of

OVERLAY = overlay_of("fixed-patch", "over")


def frames() -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (3, 12, 15, 3), dtype=np.uint8)


def encoded(pixels: UInt8, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def through(data: bytes) -> bytes:
    target = io.BytesIO()
    lay_stream(Laying(OVERLAY), io.BytesIO(data), target)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_one_image_becomes_a_png(kind: str) -> None:
    with Image.open(io.BytesIO(through(encoded(frames()[0], kind)))) as laid:
        assert laid.format == "PNG"
        np.testing.assert_array_equal(np.asarray(laid), OVERLAY.apply(frames()[:1])[0])


def test_ppm_after_ppm_comes_out_as_ppm() -> None:
    sent = b"".join(encoded(frame, "PPM") for frame in frames())
    expected = b"".join(encoded(frame, "PPM") for frame in OVERLAY.apply(frames()))
    assert through(sent) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "standard input is not an image"),
        (b"P6", "expected a PPM: P6, width, height, 255"),
        (b"P6\n15 12\n65535\n", "expected a PPM"),
        (b"P6\n999999 999999\n255\n", "expected at most"),
        (b"P6\n15 12\n255\n" + bytes(539), "ended within an image, 1 bytes short"),
        (b"P6\n15 12\n255\n" + bytes(540) + b"\n", "goes on with .* after an image"),
    ],
)
def test_what_is_no_image_is_said(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        through(data)


def test_whole_images_before_a_cut_one_are_laid() -> None:
    target = io.BytesIO()
    data = encoded(frames()[0], "PPM") + encoded(frames()[1], "PPM")[:-1]
    with pytest.raises(DataError, match="what was whole is laid"):
        lay_stream(Laying(OVERLAY), io.BytesIO(data), target)
    assert target.getvalue() == encoded(OVERLAY.apply(frames()[:1])[0], "PPM")


def test_a_draft_of_one_large_jpeg_is_the_folder_s_draft(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:480, :640]
    large = np.stack([rows // 2, columns // 3, (rows + columns) // 5], axis=-1).astype(np.uint8)
    (tmp_path / "large.jpg").write_bytes(encoded(large, "JPEG"))
    laying = Laying(OVERLAY, draft=True)
    laying.file(tmp_path / "large.jpg", tmp_path / "laid.png")
    target = io.BytesIO()
    lay_stream(laying, io.BytesIO(encoded(large, "JPEG")), target)
    assert target.getvalue() == (tmp_path / "laid.png").read_bytes() != through(encoded(large, "JPEG"))


@pytest.mark.parametrize("option", [["--jobs", "2"], ["--overwrite"], ["--json"]])
def test_what_means_nothing_for_a_stream_is_refused(tmp_path: Path, option: list[str]) -> None:
    write_overlay(tmp_path / "prompt.png", OVERLAY)
    arguments = ["apply", str(tmp_path / "prompt.png"), "-", "--out", "-", *option]
    result = CliRunner().invoke(cli, arguments, input=encoded(frames()[0], "PNG"))
    assert result.exit_code == 2
    assert "leave out --jobs, --overwrite and --json" in result.output


def test_the_command_line_passes_frames_on_one_by_one(tmp_path: Path) -> None:
    write_overlay(tmp_path / "prompt.png", OVERLAY)
    command = [sys.executable, "-m", "bbprompt", "apply", str(tmp_path / "prompt.png"), "-", "--out", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for frame in frames():
            process.stdin.write(encoded(frame, "PPM"))
            process.stdin.flush()
            expected = encoded(OVERLAY.apply(frame[None])[0], "PPM")
            assert process.stdout.read(len(expected)) == expected
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0
