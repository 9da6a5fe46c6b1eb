"""Which step ConSE is trained with: chosen on validation images alone, of seeds that no table reports.

    python -m benchmarks.paper.steps [--data DIR]

ConSE sees CIFAR-10 at 96 px through a frame of 13 pixels, as in "texts", trained with each of ``CANDIDATES``. Of each
run its best look at validation counts, the one before training left out; the step with the best mean wins, of equals
the largest. "texts" and "templates-text" read it from steps.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from bbprompt.run import fit_run
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.paper.inputs import DATA, prepare
from benchmarks.paper.measure import fill_in
from benchmarks.queries.sources import CIFAR10

CHOSEN = RESULTS / "paper" / "steps.json"
CANDIDATES = (0.01, 0.003, 0.001, 0.0003)
SEEDS = (100, 101)
"""The tables' begin at 0."""


CONFIG: dict[str, Any] = {
    "oracle": {
        "adapter": "conse",
        "embeddings": "{inputs}/conse-text/minilm_l6_v2_text.npz",
        "texts": "text_cifar10",
        "classes": list(CIFAR10),
        "input_size": 96,
        "threads": 1,
    },
    "data": {"source": "npz:{inputs}/cifar10.npz", "shots": 20, "validation": 200, "test": 10},
    "labels": {"map": "identity"},
    "prompt": {"template": "padding", "size": 13, "blend": "add"},
    "fit": {"method": "gradient", "epochs": 9, "batch_size": 16, "looks": 9},
}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        machine: what it ran on.
        validation: by step, the best accuracy on validation of each seed.
        chosen: the step that won.
    """

    machine: Machine
    validation: dict[str, list[float]]
    chosen: float


def chosen_step() -> float:
    """The step that won, as committed."""
    return msgspec.json.decode(CHOSEN.read_bytes(), type=Document).chosen


def choose(validation: Mapping[str, list[float]]) -> float:
    """Return the step with the best mean; of equals the largest."""
    return max(map(float, validation), key=lambda step: (mean(validation[str(step)]), step))


def validated(step: float, seed: int, inputs: Path) -> float:
    """Train; return the accuracy of the best look at validation after the first."""
    config = {**CONFIG, "fit": {**CONFIG["fit"], "step_size": step}}
    with TemporaryDirectory() as folder:
        history = fit_run(fill_in(config, seed, inputs), Path(folder) / "run").history
    return max(look.accuracy.accuracy for look in history[1:])


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=DATA, show_default="../shared/data"
)
def main(data: Path) -> None:
    """Try every candidate; write steps.json."""
    with TemporaryDirectory() as folder:
        prepare(data, Path(folder))
        found: dict[str, list[float]] = {}
        for step in CANDIDATES:
            found[str(step)] = [validated(step, seed, Path(folder)) for seed in SEEDS]
            click.echo(f"{step}: {found[str(step)]}", err=True)
    document = Document(machine=describe(), validation=found, chosen=choose(found))
    write_json(CHOSEN, document)


if __name__ == "__main__":
    main()
