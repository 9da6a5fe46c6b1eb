"""What is written is what is read, and a file is the whole of it or nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbprompt.errors import OverlayError, UsageError
from bbprompt.overlay import Overlay, OverlayMeta, decode_overlay, describe, encode_overlay, write_overlay
from bbprompt.templates import Blend, make_template
from tests.overlay.pngs import META, an_overlay
from tests.prompt_cases import TEMPLATE_CASES, image_batches, levels_for, quick, small_template


@pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)
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


def test_a_large_label_map_comes_back() -> None:
    overlay = an_overlay()
    meta = OverlayMeta(oracle="o", classes=("a",), label_map={"weights": np.arange(400_000.0).tolist()})
    assert decode_overlay(encode_overlay(Overlay(overlay.template, overlay.levels, meta))).meta == meta


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
        with pytest.raises(UsageError, match=r"there is no room for .*prompt.png"):
            write_overlay(path, an_overlay())
    assert path.read_bytes() == b"an older one"
    write_overlay(path, an_overlay())
    assert path.read_bytes() == encode_overlay(an_overlay())
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match=r"cannot write .*nowhere/prompt.png: No such file or directory"):
        write_overlay(tmp_path / "nowhere" / "prompt.png", an_overlay())


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
