"""The PNG: what is written is what is read, and nothing else is taken for a prompt."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from bbprompt.errors import OverlayError, UsageError
from bbprompt.overlay import (
    Overlay,
    OverlayMeta,
    decode_overlay,
    describe,
    encode_overlay,
    read_overlay,
    write_overlay,
)
from bbprompt.templates import LEVELS, Blend, make_template
from benchmarks.fuzz.png import join, split
from tests.prompt_cases import TEMPLATE_CASES, image_batches, levels_for, quick, small_template

every_template = pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)
META = OverlayMeta(
    oracle="an oracle, ünïcode too",
    classes=("zero", "eins"),
    label_map={"name": "given", "sources": [3, 1], "nested": {"weights": [0.1, -2.5e-8]}},
    training={"method": "spsa", "queries": 1000, "loss": 0.25, "usd": None},
)


END = 12
"""Bytes of the last chunk, IEND, which carries nothing."""


def an_overlay(name: str = "padding", blend: Blend = "add", *, shrink: bool = False) -> Overlay:
    template = small_template(name, blend, shrink=shrink)
    low, high = LEVELS[blend]
    levels = np.random.default_rng(0).integers(low, high + 1, (*template.canvas, 3))
    return Overlay(template, levels * template.mask[..., None], META)


def a_png(mode: str = "RGB", *, size: tuple[int, int] = (15, 12), text: str | bytes | None = None) -> bytes:
    """A PNG as any tool may write it; ``size`` is (width, height), as Pillow has it."""
    info, buffer = PngInfo(), io.BytesIO()
    if text is not None:
        info.add_itxt("bbprompt", text)
    Image.new(mode, size).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def chunk_of(overlay: Overlay) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Image.open(io.BytesIO(encode_overlay(overlay))).info["bbprompt"])
    return document


@every_template
@quick
@given(data=st.data())
def test_what_is_read_is_what_was_written(name: str, blend: Blend, data: st.DataObject) -> None:
    template = small_template(name, blend)
    written = Overlay(template, data.draw(levels_for(template)), META)
    png = encode_overlay(written)
    read = decode_overlay(png)
    assert read.template == template
    assert read.meta == META
    assert read.levels.dtype == np.int64
    np.testing.assert_array_equal(read.levels, written.levels)
    assert encode_overlay(read) == png
    images = data.draw(image_batches())
    np.testing.assert_array_equal(read.apply(images), template.apply(template.prepare(images), written.levels))


def test_every_option_of_a_template_survives() -> None:
    for template in (
        small_template("padding", "over", shrink=True),
        make_template("fixed-patch", canvas=(12, 15), blend="add", size=3, position="bottom-right"),
        make_template("random-patch", canvas=(12, 15), blend="over", size=3, seed=12345),
        make_template("single-pixel", canvas=(12, 15), blend="over", position=(1, 2)),
    ):
        levels = np.ones((12, 15, 3), dtype=np.int64) * template.mask[..., None]
        assert decode_overlay(encode_overlay(Overlay(template, levels, META))).template == template


def test_equal_content_gives_equal_bytes_whatever_the_order_of_keys() -> None:
    one = an_overlay()
    turned = OverlayMeta(
        oracle=META.oracle,
        classes=META.classes,
        label_map=dict(reversed(META.label_map.items())),
        training=dict(reversed(META.training.items())),
    )
    assert encode_overlay(Overlay(one.template, one.levels, turned)) == encode_overlay(one)


@pytest.mark.parametrize("name", sorted({name for name, _ in TEMPLATE_CASES} - {"random-patch"}))
@quick
@given(images=image_batches())
def test_pillow_alone_lays_an_added_overlay_by_grain_merge(name: str, images: Any) -> None:
    overlay = an_overlay(name, "add")
    png = Image.open(io.BytesIO(encode_overlay(overlay)))
    assert png.mode == "RGB"
    for image, laid in zip(images, overlay.apply(images), strict=True):
        merged = ImageChops.add(Image.fromarray(image), png, scale=1, offset=-128)
        np.testing.assert_array_equal(np.asarray(merged), laid)


@pytest.mark.parametrize("name", sorted({name for name, b in TEMPLATE_CASES if b == "over"} - {"random-patch"}))
@quick
@given(images=image_batches())
def test_pillow_alone_lays_a_shown_overlay_by_alpha(name: str, images: Any) -> None:
    overlay = an_overlay(name, "over")
    png = Image.open(io.BytesIO(encode_overlay(overlay)))
    assert png.mode == "RGBA"
    for image, laid in zip(images, overlay.apply(images), strict=True):
        pasted = Image.alpha_composite(Image.fromarray(image).convert("RGBA"), png).convert("RGB")
        np.testing.assert_array_equal(np.asarray(pasted), laid)


def test_images_of_another_size_are_prepared_first() -> None:
    overlay = an_overlay(shrink=True)
    images = np.random.default_rng(1).integers(0, 256, (2, 33, 20, 3), dtype=np.uint8)
    prepared = overlay.template.prepare(images)
    np.testing.assert_array_equal(overlay.apply(images), overlay.template.apply(prepared, overlay.levels))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v[:-1], r"levels are int64 of shape \(11, 15, 3\), expected int64 of shape \(12, 15, 3\)"),
        (lambda v: v.astype(float), "levels are float64"),
        (lambda v: v + 128, r"expected int64 of shape \(12, 15, 3\) in -128..127"),
        (lambda v: v * 0 + 1, "pixels outside its template, padding"),
    ],
)
def test_levels_that_no_png_can_hold_are_refused(change: Any, message: str) -> None:
    overlay = an_overlay()
    with pytest.raises(OverlayError, match=message):
        Overlay(overlay.template, change(overlay.levels), META)


def full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_writing_replaces_the_whole_file_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prompt.png"
    path.write_bytes(b"an older one")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_disk)
        with pytest.raises(OverlayError, match=r"cannot write .*No space left"):
            write_overlay(path, an_overlay())
    assert path.read_bytes() == b"an older one"
    write_overlay(path, an_overlay())
    assert path.read_bytes() == encode_overlay(an_overlay())
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match=r"cannot write .*nowhere/prompt.png: No such file or directory"):
        write_overlay(tmp_path / "nowhere" / "prompt.png", an_overlay())


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


def test_a_large_label_map_comes_back() -> None:
    overlay = an_overlay()
    meta = OverlayMeta(oracle="o", classes=("a",), label_map={"weights": np.arange(400_000.0).tolist()})
    assert decode_overlay(encode_overlay(Overlay(overlay.template, overlay.levels, meta))).meta == meta


def test_a_second_text_is_refused_and_does_not_win() -> None:
    one, other = encode_overlay(an_overlay()), PngInfo()
    for text in (chunk_of(an_overlay()), chunk_of(an_overlay()) | {"oracle": "another"}):
        other.add_itxt("bbprompt", json.dumps(text))
    buffer = io.BytesIO()
    Image.open(io.BytesIO(one)).save(buffer, "PNG", pnginfo=other)
    with pytest.raises(OverlayError, match="2 texts named b'bbprompt', expected one"):
        decode_overlay(buffer.getvalue())


def a_full_image() -> list[tuple[bytes, bytes]]:
    """Chunks of an overlay that has pixels everywhere, so that none of them can be told from missing ones."""
    template = small_template("full-image", "add")
    return split(encode_overlay(Overlay(template, np.full((*template.canvas, 3), 9), META)))


@pytest.mark.parametrize("rows", [0, 11, 13, 2_000_000])
def test_rows_that_are_missing_or_too_many_are_refused(rows: int) -> None:
    parts = dict(a_full_image())
    parts[b"IDAT"] = zlib.compress((b"\0" + b"\x80" * 45) * rows)
    with pytest.raises(OverlayError, match="cut short or go on too long, expected 552 bytes"):
        decode_overlay(join(list(parts.items())))


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


@pytest.mark.parametrize("blend", ["add", "over"])
def test_a_truncated_file_is_refused_at_every_length(blend: Blend) -> None:
    png = encode_overlay(an_overlay(blend=blend))
    for length in range(len(png) - END):
        with pytest.raises(OverlayError):
            decode_overlay(png[:length])


@quick
@given(at=st.integers(min_value=0), value=st.integers(1, 255), blend=st.sampled_from(["add", "over"]))
def test_any_changed_byte_is_noticed(at: int, value: int, blend: Blend) -> None:
    png = bytearray(encode_overlay(an_overlay(blend=blend)))
    png[at % (len(png) - END)] ^= value
    with pytest.raises(OverlayError):
        decode_overlay(bytes(png))


@quick
@given(at=st.integers(min_value=0), cut=st.integers(0, 20), paste=st.binary(max_size=20))
def test_spliced_bytes_give_an_error_or_an_overlay_and_never_a_traceback(at: int, cut: int, paste: bytes) -> None:
    png = encode_overlay(an_overlay())
    at %= len(png)
    try:
        decode_overlay(png[:at] + paste + png[at + cut :])
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017


@quick
@given(at=st.integers(min_value=0), cut=st.integers(0, 8), paste=st.binary(max_size=8))
def test_spliced_json_under_a_right_checksum_gives_an_error_or_an_overlay(at: int, cut: int, paste: bytes) -> None:
    text = json.dumps(chunk_of(an_overlay())).encode()
    at %= len(text)
    try:
        decode_overlay(a_png(text=text[:at] + paste + text[at + cut :]))
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_describe_says_what_is_in_it_and_not_the_weights() -> None:
    overlay = an_overlay("padding", "add", shrink=True)
    described = describe(overlay)
    assert json.loads(json.dumps(described)) == described
    assert described["template"] == {"name": "padding", "size": 4, "shrink": True}
    assert described["label_map"] == "given"
    assert described["input_size"] == [12, 15]
    assert described["pixels"] == overlay.template.mask.sum()
    assert described["levels"]["max"] == overlay.levels.max()
    assert described["training"]["queries"] == 1000
