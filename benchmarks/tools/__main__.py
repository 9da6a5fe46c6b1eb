"""``python -m benchmarks.tools``: the accuracy of a real prompt, laid by each tool of docs/tools.md.

ResNet-20 of CIFAR-10 at 32 px reads handwritten digits by a prompt learned with gradients, one for ``add`` and one for
``over``. Every tool lays it over the same test images, and the classifier scores what that leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
import numpy as np
from PIL import Image

from bbprompt.arrays import Int, UInt8
from bbprompt.config import PromptConfig, RunConfig
from bbprompt.evaluate import Accuracy
from bbprompt.labelmaps import load_label_map
from bbprompt.oracle import Oracle
from bbprompt.overlay import Overlay, read_overlay
from bbprompt.records import OVERLAY
from bbprompt.run import fit_run
from bbprompt.task import open_task
from benchmarks import RESULTS, jpeg
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.tools.page import PREPARES, Block, blocks
from benchmarks.tools.runners import ToolMissing, run_block

PROMPTS = {
    "add": PromptConfig(template="full-image", blend="add"),
    "over": PromptConfig(template="padding", blend="over", size=6, shrink=True),
}
BBPROMPT = "bbprompt"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One tool, one blend.

    Attributes:
        correct: of ``n`` test images.
        largest_difference: from bbprompt's pixels, in grey levels.
        differing: share of bytes that differ.
    """

    tool: str
    blend: str
    correct: int
    n: int
    largest_difference: int
    differing: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Subject:
    """A learned prompt, its file, and test images that already have its size."""

    overlay: Overlay
    png: Path
    oracle: Oracle
    photos: UInt8
    targets: Int

    @property
    def by_bbprompt(self) -> UInt8:
        """The prompt over every photo; they are prepared already."""
        laid: UInt8 = self.overlay.template.apply(self.photos, self.overlay.levels)
        return laid

    def row(self, tool: str, laid: UInt8) -> Row:
        """Score what a tool has laid."""
        label_map = load_label_map(self.overlay.meta.label_map)
        right = label_map(self.oracle.query(laid).log()).argmax(axis=1) == self.targets
        away = np.abs(laid.astype(int) - self.by_bbprompt)
        accuracy = Accuracy(int(right.sum()), len(right))
        return Row(
            tool=tool,
            blend=self.overlay.template.blend,
            correct=accuracy.correct,
            n=accuracy.n,
            largest_difference=int(away.max()),
            differing=float((away > 0).mean()),
        )


def learn(config: RunConfig, folder: Path, *, images: int) -> Subject:
    """Learn a prompt and take test images."""
    fit_run(config, folder)
    task, overlay = open_task(config), read_overlay(folder / OVERLAY)
    test = task.splits.test
    photos = overlay.template.prepare(test.images[:images])
    return Subject(overlay, folder / OVERLAY, task.oracle, photos, test.targets[:images])


def lay(block: Block, subject: Subject, folder: Path) -> UInt8:
    """Let a tool lay the prompt over every image."""
    folders = [folder / f"{index:04d}" for index in range(len(subject.photos))]
    for each, photo in zip(folders, subject.photos, strict=True):
        each.mkdir()
        (each / "prompt.png").symlink_to(subject.png.resolve())
        Image.fromarray(photo).save(each / "photo.png")
    run_block(block, folders)
    return np.stack([_read(each / "laid.png") for each in folders])


def _read(path: Path) -> UInt8:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def measure(subject: Subject, chosen: Sequence[Block]) -> list[Row]:
    """One row for bbprompt and one for each tool that is here."""
    rows = [subject.row(BBPROMPT, subject.by_bbprompt)]
    for block in chosen:
        with TemporaryDirectory() as folder:
            try:
                rows.append(subject.row(block.tool, lay(block, subject, Path(folder))))
            except ToolMissing as missing:
                click.echo(f"left out: {missing}", err=True)
    return rows


@click.command()
@click.option("--images", type=click.IntRange(min=1), default=100, show_default=True, help="Test images.")
@click.option("--data", type=click.Path(path_type=Path), default=jpeg.DATA, help="The folder of real models.")
def main(images: int, data: Path) -> None:
    """Measure; print a table and write tools.json."""
    rows: list[Row] = []
    for blend, prompt in PROMPTS.items():
        config = msgspec.structs.replace(jpeg.run_file(data, encoding=jpeg.PNG, seed=0), prompt=prompt)
        chosen = [b for b in blocks() if b.blend == blend and b.tool not in {*PREPARES, "ffmpeg-video"}]
        with TemporaryDirectory() as folder:
            rows += measure(learn(config, Path(folder) / "run", images=images), chosen)
    measured = Measured(machine=describe(), rows=rows)
    write_json(RESULTS / "tools.json", measured)
    for row in rows:
        share = 100 * row.correct / row.n
        click.echo(f"{row.tool:12} {row.blend:5} {share:5.1f} % of {row.n}, {row.largest_difference} levels away")


if __name__ == "__main__":
    main()
