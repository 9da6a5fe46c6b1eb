"""Folders: every kind of image file is read for what is in it, in one process or in several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from bbprompt.arrays import UInt8
from bbprompt.data.files import read_image
from bbprompt.deploy import lay_folder, pair_files, processes
from tests.deploy.folders import OVERLAY, laid, lay, noise

ORIENTATION = 0x0112


def write_orientation(path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    Image.fromarray(noise()).save(path, exif=exif)


def write_animation(path: Path) -> None:
    frames = [Image.fromarray(np.roll(noise(), shift, axis=0)) for shift in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def write_profile(path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(noise()).save(path, icc_profile=profile)


FILES: dict[str, Callable[[Path], None]] = {
    "photo.jpg": lambda path: Image.fromarray(noise()).save(path),
    "progressive.jpg": lambda path: Image.fromarray(noise()).save(path, progressive=True),
    "turned.jpg": write_orientation,
    "cmyk.jpg": lambda path: Image.fromarray(noise()).convert("CMYK").save(path),
    "cmyk.tif": lambda path: Image.fromarray(noise()).convert("CMYK").save(path),
    "alpha.png": lambda path: Image.fromarray(noise(channels=4)).save(path),
    "alpha.webp": lambda path: Image.fromarray(noise(channels=4)).save(path, lossless=True),
    "palette.png": lambda path: Image.fromarray(noise()).quantize(16).save(path),
    "palette.gif": lambda path: Image.fromarray(noise()).quantize(16).save(path, transparency=3),
    "grey.png": lambda path: Image.fromarray(noise()[..., 0]).save(path),
    "bits.png": lambda path: Image.fromarray(noise()).convert("1").save(path),
    "grey16.png": lambda path: Image.fromarray(noise()[..., 0].astype(np.uint16) * 257).save(path),
    "grey16.tif": lambda path: Image.fromarray(noise()[..., 0].astype(np.uint16) * 257).save(path),
    "animated.gif": write_animation,
    "animated.png": write_animation,
    "profile.png": write_profile,
    "same.png": lambda path: Image.fromarray(noise(6, 9)).save(path),
    "pixel.png": lambda path: Image.fromarray(noise(1, 1)).save(path),
}
EXPECTED: dict[str, UInt8] = {
    "turned.jpg": np.rot90(noise()),
    "grey16.png": noise()[..., :1].repeat(3, axis=2),
    "grey16.tif": noise()[..., :1].repeat(3, axis=2),
    "grey.png": noise()[..., :1].repeat(3, axis=2),
    "animated.png": noise(),
    "alpha.png": noise(channels=4)[..., :3],
    "profile.png": noise(),
}


def write_files(folder: Path) -> Path:
    folder.mkdir()
    for name, write in FILES.items():
        write(folder / unique(name))
    return folder


def unique(name: str) -> str:
    """Stems must differ, since each becomes ``stem.png``."""
    stem, _, suffix = name.partition(".")
    return f"{stem}-{suffix}.{suffix}"


def test_every_kind_of_file_becomes_what_the_oracle_gets(tmp_path: Path) -> None:
    source, out = write_files(tmp_path / "in"), tmp_path / "out"
    assert [done.problem for done in lay(source, out)] == [None] * len(FILES)
    for name in FILES:
        expected = OVERLAY.apply(read_image(source / unique(name))[None])[0]
        np.testing.assert_array_equal(laid(out / Path(unique(name)).with_suffix(".png")), expected, err_msg=name)


def test_processes_change_nothing(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in")
    lay(source, tmp_path / "one")
    lay(source, tmp_path / "two", jobs=2)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) > processes.AT_ONCE
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_is_read_is_what_is_in_it(tmp_path: Path, name: str) -> None:
    FILES[name](tmp_path / name)
    read, expected = read_image(tmp_path / name).astype(int), EXPECTED[name]
    assert read.shape == expected.shape
    tolerance = 70 if name.endswith("jpg") else 0
    assert np.abs(read - expected).mean() <= tolerance
    if tolerance:
        assert np.abs(read - noise().mean()).mean() > 0


def test_a_draft_is_another_decoding_of_large_jpegs_only(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    rows, columns = np.mgrid[:480, :640]
    smooth = np.stack([rows // 2, columns // 3, (rows + columns) // 5], axis=-1).astype(np.uint8)
    Image.fromarray(smooth).save(source / "large.jpg", quality=95)
    Image.fromarray(noise()).save(source / "small.png")
    pairs = pair_files([source], tmp_path / "out")
    assert all(done.problem is None for done in lay_folder(OVERLAY, pairs, tmp_path / "out", jobs=1, draft=True))
    exact = OVERLAY.apply(read_image(source / "large.jpg")[None])[0].astype(int)
    away = np.abs(laid(tmp_path / "out" / "large.png") - exact)
    assert 0 < away.max() <= 8
    small = OVERLAY.apply(read_image(source / "small.png")[None])[0]
    np.testing.assert_array_equal(laid(tmp_path / "out" / "small.png"), small)
