"""How far gradients and answers alone take an ImageNet classifier that is to read handwritten digits.

EfficientNet-Lite0 at 112 px, one-to-one label map, 400 training images, a prompt on the whole image. The queries
of the query-only method count everything: training images, validation, and the test without and with the prompt.

    python -m benchmarks.digits [--seeds 3]
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from bbprompt.config import parse_config
from bbprompt.records import ResultRecord, RunRecord
from bbprompt.run import fit_run
from bbprompt.table import results_markdown
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe

TASK: dict[str, Any] = {
    "oracle": {"adapter": "efficientnet-lite0", "input_size": 112},
    "data": {"source": "digits", "shots": 40, "validation": 100, "test": 1000},
    "labels": {"map": "iterative"},
}
METHODS: dict[str, dict[str, Any]] = {
    "gradient": {"fit": {"method": "gradient", "epochs": 10, "looks": 5}},
    "antithetic": {
        "fit": {"method": "antithetic"},
        "budget": {"queries": 12_000},
    },
}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed: the machine, and each run's figures with seed, interval, queries and seconds."""

    machine: Machine
    runs: list[ResultRecord]


def measure(method: str, seed: int) -> RunRecord:
    """Carry out one run, and keep nothing of it but its figures."""
    with TemporaryDirectory() as folder:
        return fit_run(
            parse_config({**TASK, **METHODS[method], "seed": seed}), Path(folder) / f"{method}, seed {seed}"
        )


@click.command()
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Seeds, from 0.")
def main(seeds: int) -> None:
    """Measure each method with each seed; print a table and write digits.json."""
    runs = [measure(method, seed) for method in METHODS for seed in range(seeds)]
    measured = Measured(machine=describe(), runs=[run.result for run in runs])
    write_json(RESULTS / "digits.json", measured)
    click.echo(results_markdown(runs))


if __name__ == "__main__":
    main()
