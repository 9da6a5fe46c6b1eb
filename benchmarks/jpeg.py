"""What a JPEG on the way to the API costs, and what training with it in the loop wins back.

ResNet-20 of CIFAR-10 at 32 px reads handwritten digits, one-to-one map, 400 training images, gradients. Each prompt is
trained behind one encoding and evaluated, with the label map that it carries, behind every other.

    python -m benchmarks.jpeg [--seeds 3]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from bbprompt.config import RunConfig, parse_config
from bbprompt.records import OVERLAY, AccuracyRecord
from bbprompt.run import evaluate_png, fit_run
from bbprompt.table import markdown_table, percent
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PNG = "png"
TRAINED = (PNG, "jpeg:85", "jpeg:50")
SENT = (PNG, "jpeg:100", "jpeg:95", "jpeg:90", "jpeg:85", "jpeg:75", "jpeg:60", "jpeg:50", "jpeg:30")
FIGURE = Path(__file__).resolve().parents[1] / "docs" / "jpeg.svg"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt behind one encoding: test accuracy."""

    trained: str
    sent: str
    seed: int
    accuracy: AccuracyRecord


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    points: list[Point]


def run_file(data: Path, *, encoding: str, seed: int, threads: int = 1) -> RunConfig:
    """The task, behind ``encoding``."""
    oracle: dict[str, Any] = {
        "adapter": "cifar-resnet",
        "weights": str(data / "cifar10-resnets" / "resnet20-12fca82f.th"),
        "answer": "probabilities",
        "threads": threads,
        "device": "cpu",
    }
    return parse_config(
        {
            "seed": seed,
            "oracle": oracle if encoding == PNG else {**oracle, "encoding": encoding},
            "data": {"source": "digits", "shots": 40, "validation": 100, "test": 500},
            "labels": {"map": "iterative"},
            "fit": {"method": "gradient", "epochs": 10, "looks": 5},
        }
    )


def measure(data: Path, *, trained: str, seed: int) -> list[Point]:
    """Train one prompt and evaluate it behind every encoding."""
    with TemporaryDirectory() as folder:
        fit_run(run_file(data, encoding=trained, seed=seed), Path(folder) / "run")
        png = Path(folder) / "run" / OVERLAY
        found = {
            sent: evaluate_png(png, run_file(data, encoding=sent, seed=seed), split="test").accuracy
            for sent in SENT
        }
    return [
        Point(
            trained=trained,
            sent=sent,
            seed=seed,
            accuracy=AccuracyRecord(accuracy=a.value, low=a.low, high=a.high, correct=a.correct, n=a.n),
        )
        for sent, a in found.items()
    ]


def means(points: Sequence[Point]) -> Mapping[str, list[float]]:
    """Mean accuracy over seeds, for each training a list in the order of ``SENT``."""

    def mean(trained: str, sent: str) -> float:
        chosen = [p.accuracy.accuracy for p in points if (p.trained, p.sent) == (trained, sent)]
        return sum(chosen) / len(chosen)

    return {trained: [mean(trained, sent) for sent in SENT] for trained in TRAINED}


def table(points: Sequence[Point]) -> str:
    """Markdown."""
    heads = ["trained behind", *(f"sent as {sent}" for sent in SENT)]
    return markdown_table(heads, ([name, *map(percent, row)] for name, row in means(points).items()))


def draw(points: Sequence[Point]) -> None:
    """The curve, accuracy against quality; what is sent as PNG stands at the right end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.4), layout="constrained")
    axes = figure.add_subplot(xlabel="what the API is sent", ylabel="test accuracy")
    for name, row in means(points).items():
        axes.plot(range(len(SENT)), row[::-1], marker="o", label=f"trained behind {name}")
    axes.set_xticks(range(len(SENT)), [sent.removeprefix("jpeg:") for sent in SENT[::-1]])
    axes.set_xlabel("JPEG quality that the API is sent; png is without loss")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(FIGURE, metadata={"Date": None})


@click.command()
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Seeds, from 0.")
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The folder of real models.")
def main(seeds: int, data: Path) -> None:
    """Measure; print a table, write jpeg.json and docs/jpeg.svg."""
    points = [
        point for trained in TRAINED for seed in range(seeds) for point in measure(data, trained=trained, seed=seed)
    ]
    measured = Measured(machine=describe(), points=points)
    write_json(RESULTS / "jpeg.json", measured)
    draw(points)
    click.echo(table(points))


if __name__ == "__main__":
    main()
