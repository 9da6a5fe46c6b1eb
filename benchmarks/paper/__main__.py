"""Run the papers' experiments by name.

    python -m benchmarks.paper list
    python -m benchmarks.paper run NAME ... [--scale small|paper] [--seeds N] [--column C] [--row R] [--data DIR] [--ray]
    python -m benchmarks.paper show NAME ... [--scale small|paper]

``run`` goes on where an earlier one ended; a cell whose settings changed is measured again. ``show`` prints Markdown
and writes it and a figure beside the JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks import RESULTS
from benchmarks.machine import describe
from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments import EXPERIMENTS
from benchmarks.paper.figure import draw
from benchmarks.paper.inputs import DATA, missing
from benchmarks.paper.records import Cell, CellRecord, Scale, Spec
from benchmarks.paper.store import Store, of_today
from benchmarks.paper.table import markdown
from benchmarks.paper.workers import run_jobs

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
@click.option("--column", "columns", multiple=True, help="This one only; may be repeated. [default: all]")
@click.option("--row", "rows", multiple=True, help="This one only; may be repeated. [default: all]")
@click.option("--ray", "on_ray", is_flag=True, help="On Ray: as many cells at once as it has processors.")
@RESULTS_OPTION
def run(
    names: Sequence[str],
    scale: Scale,
    data: Path,
    with_hub: bool,
    seeds: int | None,
    columns: Sequence[str],
    rows: Sequence[str],
    on_ray: bool,
    results: Path,
) -> None:
    """Measure the cells that are not finished yet; of all experiments, if none is named."""
    store = Store(results)
    machine = store.add_machine(describe())
    for name in names or EXPERIMENTS:
        wanted, lacking = _sorted_out(EXPERIMENTS[name], scale, seeds, data=data, hub=with_hub)
        _say_what_lacks(name, lacking)
        left = [
            (cell, spec)
            for cell, spec in wanted
            if cell.column in (columns or (cell.column,))
            and cell.row in (rows or (cell.row,))
            and not store.finished(cell, spec)
        ]
        _measure_all(left, store, data, machine, on_ray=on_ray)


@main.command()
@NAMES
@SCALE
@DATA_OPTION
@HUB_OPTION
@RESULTS_OPTION
def show(names: Sequence[str], scale: Scale, data: Path, with_hub: bool, results: Path) -> None:
    """Print the tables; write each, and its figure, beside the JSON."""
    for name in names or EXPERIMENTS:
        experiment = EXPERIMENTS[name]
        records = of_today(experiment, Store(results).records(name, scale))
        _, lacking = _sorted_out(experiment, scale, None, data=data, hub=with_hub)
        words = markdown(experiment, scale, records, lacking)
        click.echo(words)
        page, figure = (results / f"{name}-{scale}{suffix}" for suffix in (".md", ".png"))
        if records or page.exists():
            page.write_text(words, encoding="utf-8")
        if records:
            draw(experiment, scale, records, figure)
        else:
            figure.unlink(missing_ok=True)  # of cells that are measured otherwise now


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


def _measure_all(
    jobs: Sequence[tuple[Cell, Spec]], store: Store, data: Path, machine: str, *, on_ray: bool
) -> None:
    for number, done in enumerate(run_jobs(jobs, data, on_ray=on_ray), start=1):
        cell = done.cell
        store.add(CellRecord(cell=cell, spec=done.spec, found=done.found, seconds=done.seconds, machine=machine))
        words = f"{cell.experiment} {cell.column} {cell.row} {cell.seed}: {done.found.accuracy.accuracy:.3f}"
        click.echo(f"{number}/{len(jobs)} {words} ({done.seconds:.0f} s)", err=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.paper")
