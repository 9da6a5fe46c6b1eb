"""Run the papers' experiments by name.

    python -m benchmarks.paper list
    python -m benchmarks.paper run NAME ... [--scale small|paper] [--seeds N] [--data DIR]
    python -m benchmarks.paper show NAME ... [--scale small|paper]

``run`` goes on where an earlier one ended; a cell whose settings changed is measured again. ``show`` prints Markdown
and writes it and a figure beside the JSON.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks import RESULTS
from benchmarks.machine import describe
from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments import EXPERIMENTS
from benchmarks.paper.figure import draw
from benchmarks.paper.inputs import DATA, missing, prepare
from benchmarks.paper.measure import measure
from benchmarks.paper.records import Cell, CellRecord, Scale, Spec
from benchmarks.paper.store import Store
from benchmarks.paper.table import markdown

FOLDER = click.Path(path_type=Path, file_okay=False)

NAMES = click.argument("names", nargs=-1, type=click.Choice(list(EXPERIMENTS)))
SCALE = click.option("--scale", type=click.Choice(["small", "paper"]), default="small", show_default=True)
RESULTS_OPTION = click.option("--results", type=FOLDER, default=RESULTS / "paper", help="Where figures are kept.")
DATA_OPTION = click.option("--data", type=FOLDER, default=DATA, show_default="../shared/data", help="Inputs.")
HUB_OPTION = click.option("--with-hub", is_flag=True, help="Published weights and data sets can be had here.")


@click.group()
def main() -> None:
    """Run the papers' experiments by name."""


@main.command("list")
def list_experiments() -> None:
    """List the experiments."""
    for name, experiment in EXPERIMENTS.items():
        sizes = ", ".join(f"{len(list(experiment.cells(scale)))} cells {scale}" for scale in experiment.seeds)
        click.echo(f"{name}: {experiment.title} ({sizes})")


@main.command()
@NAMES
@SCALE
@DATA_OPTION
@HUB_OPTION
@click.option("--seeds", type=click.IntRange(min=1), help="[default: the experiment's own number]")
@RESULTS_OPTION
def run(names: Sequence[str], scale: Scale, data: Path, with_hub: bool, seeds: int | None, results: Path) -> None:
    """Measure the cells that are not finished yet; of all experiments, if none is named."""
    store = Store(results)
    machine = store.add_machine(describe())
    with TemporaryDirectory() as folder:
        inputs = Path(folder) if scale == "small" else data
        if scale == "small":
            prepare(data, inputs)
        for name in names or EXPERIMENTS:
            wanted, lacking = _sorted_out(EXPERIMENTS[name], scale, seeds, data=data, hub=with_hub)
            _say_what_lacks(name, lacking)
            _measure_all(wanted, store, inputs, machine)


@main.command()
@NAMES
@SCALE
@DATA_OPTION
@HUB_OPTION
@RESULTS_OPTION
def show(names: Sequence[str], scale: Scale, data: Path, with_hub: bool, results: Path) -> None:
    """Print the tables; write each, and its figure, beside the JSON."""
    for name in names or EXPERIMENTS:
        experiment, records = EXPERIMENTS[name], Store(results).records(name, scale)
        _, lacking = _sorted_out(experiment, scale, None, data=data, hub=with_hub)
        words = markdown(experiment, scale, records, lacking)
        click.echo(words)
        if records:
            (results / f"{name}-{scale}.md").write_text(words, encoding="utf-8")
            draw(experiment, scale, records, results / f"{name}-{scale}.png")


def _sorted_out(
    experiment: Experiment, scale: Scale, seeds: int | None, *, data: Path, hub: bool
) -> tuple[list[tuple[Cell, Spec]], dict[Cell, list[str]]]:
    """The cells that can be measured here, and what the others lack."""
    cells = list(experiment.cells(scale, seeds=seeds))
    absent = {cell: missing(spec.needs, data=data, hub=hub) for cell, spec in cells}
    wanted = [(cell, spec) for cell, spec in cells if not absent[cell]]
    return wanted, {cell: needs for cell, needs in absent.items() if needs}


def _say_what_lacks(name: str, lacking: dict[Cell, list[str]]) -> None:
    if lacking:
        reasons = ", ".join(sorted({need for needs in lacking.values() for need in needs}))
        click.echo(f"{name}: {len(lacking)} cells cannot be run here, for want of {reasons}", err=True)


def _measure_all(wanted: Sequence[tuple[Cell, Spec]], store: Store, inputs: Path, machine: str) -> None:
    left = [(cell, spec) for cell, spec in wanted if not store.finished(cell, spec)]
    for number, (cell, spec) in enumerate(left, start=1):
        started = time.perf_counter()
        found = measure(cell, spec, inputs)
        seconds = time.perf_counter() - started
        store.add(CellRecord(cell=cell, spec=spec, found=found, seconds=seconds, machine=machine))
        words = f"{cell.experiment} {cell.column} {cell.row} {cell.seed}: {found.accuracy.accuracy:.3f}"
        click.echo(f"{number}/{len(left)} {words} ({seconds:.0f} s)", err=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.paper")
