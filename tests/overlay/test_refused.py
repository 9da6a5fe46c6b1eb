"""Nothing else is taken for a prompt: a foreign file is refused by name, and before it costs memory."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bbprompt.errors import OverlayError
from bbprompt.overlay import decode_overlay, encode_overlay, read_overlay
from benchmarks.fuzz.png import join
from tests.overlay.pngs import a_full_image, a_png, an_overlay, chunk_of


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read .*: No such file or directory; correct the path"),
        (b"", "not a PNG, or a damaged one"),
        (b"GIF89a and so on", "not a PNG, or a damaged one"),
        (a_png(), "no prompt of bbprompt: the PNG has no text chunk named 'bbprompt'"),
        (a_png(text=b""), "its chunk 'bbprompt' is damaged"),
        (a_png(text=b"{}"), "its chunk 'bbprompt' is damaged .*version"),
        (a_png(text=b"[" * 100_000), "its chunk 'bbprompt' is damaged"),
        (a_png(text=b'{"version": 2}'), "version 2, expected 1; use a newer bbprompt"),
        (a_png(text=b'{"version": 1}'), "is damaged .*missing required field"),
    ],
)
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OverlayError, match=message) as caught:
        read_overlay(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_png(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match=r"cannot read .*Is a directory"):
        read_overlay(tmp_path)


@pytest.mark.parametrize(
    ("changes", "mode", "message"),
    [
        ({"template": {"name": "pading", "size": 4}}, "RGB", "unknown template 'pading'; did you mean 'padding'"),
        ({"template": {"name": "padding", "size": 6}}, "RGB", "padding of size 6 does not fit"),
        ({"template": {"name": "padding", "size": "4"}}, "RGB", "is damaged .*Expected `int"),
        ({"template": {"name": "padding", "depth": 4}}, "RGB", "is damaged .*unknown field `depth`"),
        ({"blend": "multiply"}, "RGB", "is damaged .*'multiply'"),
        ({"input_size": [15, 12]}, "RGB", "a PNG of 12x15 pixels whose chunk says 15x12; was it resized"),
        ({"colour": 1}, "RGB", "is damaged .*unknown field `colour`"),
        ({}, "RGBA", "a PNG of mode RGBA, expected RGB for 'add'; was it converted"),
        ({}, "L", "mode L, expected RGB"),
        ({}, "RGB", "pixels outside its template"),
        ({"blend": "over"}, "RGBA", "its transparency is not its template's; was it edited"),
    ],
)
def test_a_chunk_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, Any], mode: str, message: str
) -> None:
    text = json.dumps(chunk_of(an_overlay()) | changes)
    (tmp_path / "a.png").write_bytes(a_png(mode, text=text))
    with pytest.raises(OverlayError, match=message):
        read_overlay(tmp_path / "a.png")


def claiming(png: bytes, width: int, height: int) -> bytes:
    """The same PNG with another size in its header, checksum made right."""
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (2049, 2048)])
def test_a_claimed_size_is_refused_before_any_pixel_is_decoded(size: tuple[int, int]) -> None:
    png = claiming(encode_overlay(an_overlay()), *size)
    with pytest.raises(OverlayError, match="expected at most 4194304 of them"):
        decode_overlay(png)


@pytest.mark.parametrize("size", [(0, 0), (15, 0), (16, 12), (15, 13)])
def test_a_claimed_size_that_is_not_the_chunk_s_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OverlayError):
        decode_overlay(claiming(encode_overlay(an_overlay()), *size))


def test_a_compressed_text_that_swells_is_refused() -> None:
    info, buffer = PngInfo(), io.BytesIO()
    info.add_text("bbprompt", "0" * 100_000_000, zip=True)
    Image.new("RGB", (15, 12)).save(buffer, "PNG", pnginfo=info)
    with pytest.raises(OverlayError, match="too large"):
        decode_overlay(buffer.getvalue())


def test_a_second_text_is_refused_and_does_not_win() -> None:
    one, other = encode_overlay(an_overlay()), PngInfo()
    for text in (chunk_of(an_overlay()), chunk_of(an_overlay()) | {"oracle": "another"}):
        other.add_itxt("bbprompt", json.dumps(text))
    buffer = io.BytesIO()
    Image.open(io.BytesIO(one)).save(buffer, "PNG", pnginfo=other)
    with pytest.raises(OverlayError, match="2 texts named b'bbprompt', expected one"):
        decode_overlay(buffer.getvalue())


def test_sixteen_bits_are_refused() -> None:
    parts = dict(a_full_image())
    parts[b"IHDR"] = parts[b"IHDR"][:8] + b"\x10" + parts[b"IHDR"][9:]
    parts[b"IDAT"] = zlib.compress((b"\0" + b"\x80" * 90) * 12)
    with pytest.raises(OverlayError, match="not of 8 bits a channel"):
        decode_overlay(join(list(parts.items())))


def test_an_animated_png_is_refused() -> None:
    buffer, frame = io.BytesIO(), Image.new("RGB", (15, 12))
    frame.save(buffer, "PNG", save_all=True, append_images=[Image.new("RGB", (15, 12), "red")])
    with pytest.raises(OverlayError, match="animated"):
        decode_overlay(buffer.getvalue())
