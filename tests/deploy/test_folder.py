"""Folders: whatever lies in them is laid or named, an interrupted call goes on, processes change nothing."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from bbprompt.arrays import UInt8
from bbprompt.data.files import read_image
from bbprompt.deploy import Done, lay_folder, pair_files, processes
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay, write_overlay
from tests.golden.cases import overlay_of

OVERLAY = overlay_of("padding-shrink", "add")
ORIENTATION = 0x0112


def noise(height: int = 30, width: int = 40, channels: int = 3) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


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


def lay(
    source: Path, out: Path, *, overlay: Overlay = OVERLAY, jobs: int = 1, overwrite: bool = False
) -> list[Done]:
    return list(lay_folder(overlay, pair_files([source], out), out, jobs=jobs, overwrite=overwrite))


def laid(path: Path) -> UInt8:
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)


def test_every_kind_of_file_becomes_what_the_oracle_gets(tmp_path: Path) -> None:
    source, out = write_files(tmp_path / "in"), tmp_path / "out"
    assert [done.problem for done in lay(source, out)] == [None] * len(FILES)
    for name in FILES:
        expected = OVERLAY.apply(read_image(source / unique(name))[None])[0]
        np.testing.assert_array_equal(laid(out / Path(unique(name)).with_suffix(".png")), expected, err_msg=name)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_is_read_is_what_is_in_it(tmp_path: Path, name: str) -> None:
    FILES[name](tmp_path / name)
    read, expected = read_image(tmp_path / name).astype(int), EXPECTED[name]
    assert read.shape == expected.shape
    tolerance = 70 if name.endswith("jpg") else 0
    assert np.abs(read - expected).mean() <= tolerance
    if tolerance:
        assert np.abs(read - noise().mean()).mean() > 0


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


def test_processes_change_nothing(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in")
    lay(source, tmp_path / "one")
    lay(source, tmp_path / "two", jobs=2)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) > processes.AT_ONCE
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


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


def test_the_output_inside_the_input_is_not_laid_again(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png")
    for _ in range(2):
        lay(tmp_path, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*.png")] == ["a.png"]


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
