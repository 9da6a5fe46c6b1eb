"""The benchmark's command line: run cells, print the table, draw the figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bbprompt.labelmaps.linear import Linear
from bbprompt.task import Task
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import describe
from benchmarks.queries import ablation as ablation_
from benchmarks.queries import outlook as outlook_
from benchmarks.queries import refit as refit_
from benchmarks.queries import rounding as rounding_
from benchmarks.queries import slopes as slopes_
from benchmarks.queries import tuning
from benchmarks.queries.answers import ANSWERS
from benchmarks.queries.cell import recipe, worthwhile
from benchmarks.queries.figure import draw, overview
from benchmarks.queries.grid import SEEDS, cells
from benchmarks.queries.methods import METHODS, NO_PROMPT, REFERENCES, TUNING_FILE
from benchmarks.queries.options import budgets as split_budgets
from benchmarks.queries.options import names
from benchmarks.queries.plan import planned
from benchmarks.queries.records import Cell, CellRecord
from benchmarks.queries.setup import bench_task, open_cell
from benchmarks.queries.spaces import SPACES
from benchmarks.queries.store import Store, finished
from benchmarks.queries.summary import summarise
from benchmarks.queries.table import markdown
from benchmarks.queries.tasks import FEW_OR_ALL, QUICK, TASKS
from benchmarks.queries.verdict import headline
from benchmarks.queries.workers import Job, run_jobs, use_one_thread

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
QUICK_METHODS = ("antithetic-dct",)
ROWS = tuple(name for name in METHODS if name not in REFERENCES)

Command = Callable[..., None]
FOLDER = click.Path(path_type=Path, file_okay=False)
RESULTS_OPTION = click.option(
    "--results", type=FOLDER, default=RESULTS / "queries", show_default="benchmarks/results/queries"
)


DATA_OPTION = click.option(
    "--data", type=FOLDER, default=DATA, show_default="../shared/data", help="Real models and images."
)


def seeds_option(default: int) -> Callable[[Command], Command]:
    """How many of the committed seeds."""
    return click.option(
        "--seeds", type=click.IntRange(1, len(SEEDS)), default=default, show_default=True, help="Of the committed."
    )


@click.group()
def main() -> None:
    """Query-only training against everything else."""


@main.command()
@click.option("--tasks", callback=names("task", TASKS), help="With commas between; all, if left out.")
@click.option("--methods", callback=names("method", ROWS), help="Likewise; the references are always run.")
@click.option("--answers", callback=names("kind of answer", ANSWERS), help="Likewise: full, top5, label.")
@click.option("--shots", callback=names("number of shots", FEW_OR_ALL), help="Likewise: 16, all.")
@click.option(
    "--budgets", callback=split_budgets, help="In image queries; those of the committed grid, if left out."
)
@click.option("--seeds", type=click.IntRange(1, len(SEEDS)), help="How many of the committed seeds.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Cells at once.")
@DATA_OPTION
@click.option("--quick", is_flag=True, help="One small cell that needs no data, for CI; keeps nothing.")
@RESULTS_OPTION
def run(
    tasks: Sequence[str],
    methods: Sequence[str],
    answers: Sequence[str],
    shots: Sequence[str],
    budgets: Sequence[int] | None,
    seeds: int | None,
    jobs: int,
    data: Path,
    quick: bool,
    results: Path,
) -> None:
    """Run the cells that are not finished yet: those of the committed grid or, with --budgets, any."""
    if quick:
        with TemporaryDirectory() as folder:
            wanted = [(cell, (500,)) for cell in cells(tuple(QUICK), ("full",), ("16",), QUICK_METHODS, 1)]
            _run(wanted, jobs, data, Store(Path(folder)))
            click.echo(markdown(summarise(Store(Path(folder)).records())))
    else:
        found = cells(_at_hand(tasks, data), answers, shots, methods, seeds)
        asked = ((cell, planned(cell) if budgets is None else budgets) for cell in found)
        _run([(cell, marks) for cell, marks in asked if marks is not None], jobs, data, Store(results))


@main.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@RESULTS_OPTION
def merge(folders: Sequence[Path], results: Path) -> None:
    """Take over cells that were run elsewhere, into other FOLDERS, with today's settings."""
    for folder in folders:
        taken = Store(results).merge(Store(folder), recipe)
        click.echo(f"{folder}: {len(taken)} of {len(Store(folder).records())} cells are new", err=True)


@main.command()
@click.option("--methods", callback=names("method", SPACES), help="With commas between; all, if left out.")
@DATA_OPTION
def tune(methods: Sequence[str], data: Path) -> None:
    """Run the tuning trials that are not finished yet, on a task of their own; their best become rows."""
    absent = bench_task(tuning.TASK).missing(data)
    if absent:
        raise click.ClickException(f"{', '.join(absent)} not in {data}")
    use_one_thread()
    for trial in tuning.tune(methods, TUNING_FILE, data=data):
        found = trial.error or ", ".join(f"{value:.3f}" for by_budget in trial.accuracies for value in by_budget)
        click.echo(f"{trial.method}, trial {trial.number}: {found} ({trial.seconds:.0f} s)", err=True)


@main.command()
@click.option("--against", default="auto", show_default=True, help="A method to compare with all others.")
@click.option("--headline", "short", is_flag=True, help="One line a group, no more.")
@RESULTS_OPTION
def table(against: str, short: bool, results: Path) -> None:
    """Print the finished cells as Markdown: accuracies, R, costs, differences, and what is not beaten."""
    groups = summarise(Store(results).records())
    click.echo(headline(groups, against) if short else markdown(groups, against=against))


@main.command()
@RESULTS_OPTION
def ablation(results: Path) -> None:
    """Print what the parts of auto are worth, over all tasks; write ablation.md."""
    _show(ablation_.markdown(summarise(Store(results).records())), results / "ablation.md")


@main.command()
@RESULTS_OPTION
def figure(results: Path) -> None:
    """Draw the learning curves of the finished cells: all into curves.png, one panel a task into overview.png."""
    groups = summarise(Store(results).records())
    if not groups:
        raise click.ClickException(f"no finished cells in {results}; run some first")
    draw(groups, results / "curves.png")
    if shown := overview(groups):
        draw(shown, results / "overview.png", across=5)


@main.command()
@seeds_option(5)
@DATA_OPTION
@RESULTS_OPTION
def refit(seeds: int, data: Path, results: Path) -> None:
    """Measure what the last word on the map is worth, 16 images a class; write refit.json and refit.md."""
    found = [refit_.measure(cell.task, cell.seed, task) for cell, task in _maps_alone(seeds, data)]
    measured = refit_.Measured(machine=describe(), refitted=found)
    write_json(results / "refit.json", measured)
    _show(refit_.markdown(measured), results / "refit.md")


@main.command()
@seeds_option(5)
@DATA_OPTION
@RESULTS_OPTION
def rounding(seeds: int, data: Path, results: Path) -> None:
    """Measure what rounded probabilities cost the map alone, 16 images a class; write rounding.json and rounding.md."""
    found = [
        one for cell, task in _maps_alone(seeds, data) for one in rounding_.measure(cell.task, cell.seed, task)
    ]
    measured = rounding_.Measured(machine=describe(), rounded=found)
    write_json(results / "rounding.json", measured)
    _show(rounding_.markdown(measured), results / "rounding.md")


@main.command()
@RESULTS_OPTION
def outlook(results: Path) -> None:
    """Print what a prompt has been worth, task by task; write outlook.md."""
    _show(outlook_.markdown(*outlook_.by_size(summarise(Store(results).records()))), results / "outlook.md")


@main.command()
@seeds_option(3)
@DATA_OPTION
@RESULTS_OPTION
def slopes(seeds: int, data: Path, results: Path) -> None:
    """Measure what answers can say about the slope; write slopes.json and slopes.md."""
    use_one_thread()
    tasks = _at_hand(tuple(slopes_.STUDENTS), data)
    wanted = product(tasks, slopes_.GROUNDS, SEEDS[:seeds])
    found = [slopes_.measure(task, ground, seed, data=data) for task, ground, seed in wanted]
    measured = slopes_.Measured(machine=describe(), radii=slopes_.RADII, slopes=found)
    write_json(results / "slopes.json", measured)
    _show(slopes_.markdown(measured), results / "slopes.md")


def _maps_alone(seeds: int, data: Path) -> Iterator[tuple[Cell, Task]]:
    """The tasks with a linear map, 16 images a class, open."""
    use_one_thread()
    for name in _at_hand([name for name, task in TASKS.items() if task.label_map == Linear.name], data):
        for seed in SEEDS[:seeds]:
            cell = Cell(task=name, answers="full", shots="16", method=NO_PROMPT, seed=seed)
            yield cell, open_cell(cell, data, METHODS[NO_PROMPT])


def _show(markdown: str, page: Path) -> None:
    page.write_text(markdown, encoding="utf-8")
    click.echo(markdown)


def _run(wanted: Sequence[tuple[Cell, Sequence[int]]], at_once: int, data: Path, store: Store) -> None:
    records = store.records()
    asked: list[Job] = [(cell, worthwhile(cell, budgets)) for cell, budgets in wanted]
    jobs = [(cell, marks) for cell, marks in asked if not finished(records, cell, marks, recipe(cell))]
    click.echo(f"{len(jobs)} cells to run, {len(asked) - len(jobs)} finished", err=True)
    machine = store.add_machine(describe())
    for number, record in enumerate(run_jobs(jobs, at_once=at_once, data=data, machine=machine), start=1):
        store.add(record)
        click.echo(f"{number}/{len(jobs)} {_words(record)}", err=True)


def _at_hand(tasks: Sequence[str], data: Path) -> list[str]:
    missing = {task: bench_task(task).missing(data) for task in tasks}
    for task, absent in missing.items():
        if absent:
            click.echo(f"left out {task}: {', '.join(absent)} not in {data}", err=True)
    return [task for task in tasks if not missing[task]]


def _words(record: CellRecord) -> str:
    cell = record.cell
    found = ", ".join(f"{mark.test.accuracy:.3f} at {mark.budget:,}" for mark in record.marks)
    outcome = f"{found or 'no budget fits'}{'; ' + record.error if record.error else ''}"
    return f"{cell.task} {cell.answers} {cell.shots} {cell.method} {cell.seed}: {outcome} ({record.seconds:.0f} s)"


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.queries")
