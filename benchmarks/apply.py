"""How fast ``bbprompt apply`` is beside a bare Pillow loop and libvips: the same images, in turn.

    python -m benchmarks.apply [--rounds 9] [--data ../shared/data]

Each works in a process of its own, which has begun before it is timed, with the environment that the command gives it.
Seconds are of the processor, of one thread, so that what else runs on the machine counts little; the ratio of each round
is that of neighbours in time. All write PNG at their lowest level of compression. libvips and ``--draft`` decode a large
JPEG at a fraction of its size, so their pixels are others; "whole" does not, and its resampling is still another.
"""

from __future__ import annotations

import io
import os
import statistics
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

os.environ.setdefault("VIPS_CONCURRENCY", "1")

import click
import msgspec
import numpy as np
from PIL import Image, ImageChops

from bbprompt.cli.apply import BLOCKS
from bbprompt.deploy import lay_folder, pair_files
from bbprompt.overlay import Overlay, OverlayMeta, read_overlay, write_overlay
from bbprompt.table import markdown_table
from bbprompt.templates import make_template
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.in_turn import processes
from benchmarks.jpeg import DATA
from benchmarks.machine import Machine, describe

SIDE = 224
COMPRESSION = 1
"""Of the others' PNG: their fastest that compresses."""

PHOTO = (4000, 3000)
Work = Callable[[Path, Sequence[Path], Path], None]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """bbprompt's images a second over another's.

    Attributes:
        images: what was laid over.
        command: of bbprompt.
        against: what it is compared with.
        median: of the rounds' ratios; above 1, bbprompt is the faster.
        rounds: all of them.
        bbprompt_ms, other_ms: best milliseconds an image.
    """

    images: str
    command: str
    against: str
    median: float
    rounds: list[float]
    bbprompt_ms: float
    other_ms: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    ratios: list[Ratio]


def by_bbprompt(prompt: Path, sources: Sequence[Path], out: Path, *, draft: bool = False) -> None:
    """As the command does, in this process."""
    pairs = pair_files(sources, out)
    for done in lay_folder(read_overlay(prompt), pairs, out, jobs=1, overwrite=True, draft=draft):
        assert done.problem is None, done.problem


def by_pillow(prompt: Path, sources: Sequence[Path], out: Path) -> None:
    """The loop that one would write."""
    overlay = Image.open(prompt)
    for source in sources:
        with Image.open(source) as image:
            photo = image.convert("RGB").resize(overlay.size, Image.Resampling.BILINEAR)
        laid = ImageChops.add(photo, overlay, scale=1, offset=-128)
        laid.save(out / f"{source.stem}.png", compress_level=COMPRESSION)


def by_libvips(prompt: Path, sources: Sequence[Path], out: Path, *, whole: bool = False) -> None:
    """The same with pyvips; ``whole`` decodes all of a JPEG before it is made smaller."""
    import pyvips

    overlay = pyvips.Image.new_from_file(str(prompt)).copy_memory()
    for source in sources:
        if whole:
            opened = pyvips.Image.new_from_file(str(source), access="sequential")
            photo = opened.thumbnail_image(overlay.width, height=overlay.height, size="force")
        else:
            photo = pyvips.Image.thumbnail(str(source), overlay.width, height=overlay.height, size="force")
        laid = (photo + overlay - 128).cast("uchar")
        laid.write_to_file(str(out / f"{source.stem}.png"), compression=COMPRESSION)


EXACT, DRAFT = "bbprompt apply", "bbprompt apply --draft"
WORKS: Mapping[str, Work] = MappingProxyType(
    {
        EXACT: by_bbprompt,
        DRAFT: partial(by_bbprompt, draft=True),
        "a bare Pillow loop": by_pillow,
        "libvips, whole": partial(by_libvips, whole=True),
        "libvips": by_libvips,
    }
)
COMPARED = ((EXACT, "a bare Pillow loop"), (EXACT, "libvips, whole"), (DRAFT, "libvips"))


def textures(data: Path, folder: Path, *, count: int) -> list[Path]:
    """JPEGs of a short side of 256 pixels."""
    with zipfile.ZipFile(data / "dtd10" / "dtd10.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        step = len(names) // count
        for index, name in enumerate(names[: step * count : step]):
            (folder / f"{index:04d}.jpg").write_bytes(archive.read(name))
    return sorted(folder.glob("*.jpg"))


def photographs(data: Path, folder: Path, *, count: int) -> list[Path]:
    """The same textures as JPEGs of 12 megapixels."""
    for path in textures(data, folder, count=count):
        large = Image.open(io.BytesIO(path.read_bytes())).resize(PHOTO, Image.Resampling.BICUBIC)
        large.save(path, quality=90)
    return sorted(folder.glob("*.jpg"))


def a_prompt(path: Path) -> None:
    """Noise everywhere, 224 px."""
    template = make_template("full-image", canvas=(SIDE, SIDE), blend="add")
    levels = np.random.default_rng(0).integers(-20, 21, (SIDE, SIDE, 3))
    write_overlay(
        path, Overlay(template, levels, OverlayMeta(oracle="none", classes=("a",), label_map={"name": "identity"}))
    )


def compare(images: str, sources: Sequence[Path], folder: Path, *, rounds: int) -> list[Ratio]:
    """Time each work in turn, the order turned round by round."""
    a_prompt(folder / "prompt.png")
    seconds: dict[str, list[float]] = {name: [] for name in WORKS}
    with processes({name: BLOCKS if name in (EXACT, DRAFT) else {} for name in WORKS}) as run:
        for index in range(rounds + 1):
            for name in sorted(WORKS, reverse=bool(index % 2)):
                (out := folder / name.replace(" ", "-")).mkdir(exist_ok=True)
                spent = run(name, WORKS[name], folder / "prompt.png", sources, out)
                if index > 0:  # the first warms the caches
                    seconds[name].append(spent)
    return [_ratio(images, own, against, seconds, len(sources)) for own, against in COMPARED]


def _ratio(images: str, command: str, against: str, seconds: Mapping[str, Sequence[float]], count: int) -> Ratio:
    ours, others = seconds[command], seconds[against]
    ratios = [other / own for own, other in zip(ours, others, strict=True)]
    return Ratio(
        images=images,
        command=command,
        against=against,
        median=statistics.median(ratios),
        rounds=ratios,
        bbprompt_ms=1000 * min(ours) / count,
        other_ms=1000 * min(others) / count,
    )


def table(ratios: Sequence[Ratio]) -> str:
    """Markdown."""
    rows = ((r.images, r.command, f"{r.bbprompt_ms:.2f}", r.against, f"{r.median:.2f}") for r in ratios)
    return markdown_table(("images", "command", "ms an image", "of", "ratio"), rows, left=(0, 1, 3))


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=9, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The folder of real images.")
def main(rounds: int, data: Path) -> None:
    """Measure; print a table and write apply.json."""
    ratios: list[Ratio] = []
    for name, make, count in (("256 px JPEG", textures, 100), ("12 megapixel JPEG", photographs, 4)):
        with TemporaryDirectory() as folder:
            (source := Path(folder) / "in").mkdir()
            ratios += compare(name, make(data, source, count=count), Path(folder), rounds=rounds)
    measured = Measured(machine=describe(), ratios=ratios)
    write_json(RESULTS / "apply.json", measured)
    click.echo(table(ratios))


if __name__ == "__main__":
    main()
