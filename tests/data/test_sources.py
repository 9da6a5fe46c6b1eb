"""Digits, folders and npz files: what is read is what was written; what cannot be read is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.data import SOURCES, load_source
from bbprompt.errors import ConfigError, DataError


def picture(level: int, *, size: tuple[int, int] = (6, 5)) -> UInt8:
    image = np.full((*size, 3), level, dtype=np.uint8)
    image[0, 0] = (255, 0, 0)
    return image


def tree(root: Path, names: list[str], *, per_class: int = 2) -> Path:
    for i, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for j in range(per_class):
            Image.fromarray(picture(10 * i + j)).save(root / name / f"{j}.png")
    return root


def test_digits_are_scikit_learns_stretched_to_a_byte() -> None:
    digits = load_source("digits").pool
    from sklearn.datasets import load_digits

    peer = load_digits()
    assert digits.images.shape == (1797, 8, 8, 3)
    assert digits.classes == tuple("0123456789")
    np.testing.assert_array_equal(digits.targets, peer.target)
    for channel in range(3):
        np.testing.assert_allclose(digits.images[..., channel] / 255 * 16, peer.images, atol=0.04)
    assert digits.images.max() == 255


def test_digits_without_scikit_learn_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ConfigError, match=r"pip install 'bbprompt\[digits\]'"):
        load_source("digits")


@pytest.mark.parametrize("source", ["digits:all", "folder", "folder:", "npz"])
def test_a_missing_or_needless_argument_is_refused(source: str) -> None:
    with pytest.raises((ConfigError, DataError), match=r"source = |no npz file"):
        load_source(source)


def test_an_unknown_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'folder'"):
        load_source("foldr:here")
    assert {"digits", "folder", "npz", "parquet", "hf", "eurosat"} <= set(SOURCES)


def test_a_folder_is_read_in_sorted_order(tmp_path: Path) -> None:
    root = tree(tmp_path, ["zebra", "ant"])
    (root / "ant" / "notes.txt").write_text("not an image")
    (root / "ant" / ".hidden.png").write_bytes(b"")
    (root / ".cache").mkdir()
    found = load_source(f"folder:{root}")
    assert found.test is None
    assert found.pool.classes == ("ant", "zebra")
    assert found.pool.targets.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(found.pool.images, [picture(level) for level in (10, 11, 0, 1)])


def test_a_folder_of_two_trees_is_split_already(tmp_path: Path) -> None:
    tree(tmp_path / "train", ["a", "b"], per_class=3)
    tree(tmp_path / "test", ["a", "b"], per_class=1)
    found = load_source(f"folder:{tmp_path}")
    assert found.test is not None
    assert (len(found.pool), len(found.test)) == (6, 2)
    tree(tmp_path / "test", ["c"])
    with pytest.raises(DataError, match="they differ in c"):
        load_source(f"folder:{tmp_path}")


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_eight_bit_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    root = tree(tmp_path, ["a", "b"])
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(np.full((6, 5, 3), 255, dtype=np.uint8)).convert(mode).save(root / "a" / f"9.{suffix}")
    np.testing.assert_array_equal(load_source(f"folder:{root}").pool.images[2], np.full((6, 5, 3), 255))


def test_images_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    root = tree(tmp_path, ["a", "b"])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(picture(10)).copy()).save(root / "a" / "9.png", exif=exif)
    np.testing.assert_array_equal(load_source(f"folder:{root}").pool.images[2], picture(10))


def test_images_of_several_sizes_need_one_to_be_brought_to(tmp_path: Path) -> None:
    root = tree(tmp_path, ["a", "b"])
    Image.fromarray(picture(7, size=(12, 10))).save(root / "b" / "9.jpg")
    with pytest.raises(DataError, match=r"9\.jpg has 12 x 10 pixels, .*0\.png has 6 x 5; give a size"):
        load_source(f"folder:{root}")
    assert load_source(f"folder:{root}", size=(9, 8)).pool.images.shape == (5, 9, 8, 3)


def test_bad_files_are_named(tmp_path: Path) -> None:
    root = tree(tmp_path, ["a", "b"])
    whole = (root / "a" / "0.png").read_bytes()
    bad = root / "b" / "broken.png"
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        bad.write_bytes(content)
        with pytest.raises(DataError, match=r"broken\.png is not an image that can be read"):
            load_source(f"folder:{root}")
    Image.fromarray(np.zeros((6, 5), dtype=np.float32)).save(bad, "TIFF")
    with pytest.raises(DataError, match=r"broken\.png has the mode F, expected 8 bits"):
        load_source(f"folder:{root}")


def test_bad_trees_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no folder .*nowhere"):
        load_source(f"folder:{tmp_path / 'nowhere'}")
    with pytest.raises(DataError, match="holds 0 class folders, expected at least two"):
        load_source(f"folder:{tmp_path}")
    (tree(tmp_path, ["a", "b"]) / "empty").mkdir()
    with pytest.raises(DataError, match=r"class folder .*empty holds no image"):
        load_source(f"folder:{tmp_path}")


def test_npz_round_trip(tmp_path: Path) -> None:
    x, y = np.stack([picture(i) for i in range(4)]), np.array([0, 1, 1, 0], dtype=np.uint8)
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=y, classes=["cat", "dog"], x_test=x[:2, ..., 0], y_test=y[:2])
    found = load_source(f"npz:{path}")
    np.testing.assert_array_equal(found.pool.images, x)
    assert found.pool.targets.tolist() == [0, 1, 1, 0]
    assert found.pool.classes == ("cat", "dog")
    assert found.test is not None
    np.testing.assert_array_equal(found.test.images, np.repeat(x[:2, ..., :1], 3, axis=-1))
    np.savez(path, x=x, y=y)
    assert load_source(f"npz:{path}").pool.classes == ("0", "1")
    assert load_source(f"npz:{path}").test is None


X, Y = np.zeros((2, 4, 4, 3), dtype=np.uint8), np.arange(2)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, r"holds \['x'\], expected the arrays 'x' and 'y'"),
        ({"x": X, "y": Y / 1}, "whole class numbers from 0, got float64"),
        ({"x": X / 255, "y": Y}, "uint8 in 0..255, got float64"),
        ({"x": X, "y": Y * 0}, "two distinct class names"),
        ({"x": X, "y": Y, "classes": ["a", "b", "c"]}, "class 'c' has no image"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y + 1}, r"0\.\.1 for 2 classes, got 1\.\.2"),
        ({"x": np.array([None, 1]), "y": Y}, "no npz file of plain arrays"),
    ],
)
def test_npz_with_other_things_in_it_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "data.npz", allow_pickle=True, **arrays)
    with pytest.raises(DataError, match=message):
        load_source(f"npz:{tmp_path / 'data.npz'}")


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 cut short"])
def test_files_that_are_no_npz_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(DataError, match="no npz file of plain arrays"):
        load_source(f"npz:{tmp_path / 'data.npz'}")


def test_a_plain_npy_file_is_no_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", X)
    with pytest.raises(DataError, match="holds a single array, expected"):
        load_source(f"npz:{tmp_path / 'data.npy'}")
