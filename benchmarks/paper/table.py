"""An experiment as Markdown: ours beside what was published, the claims, and what could not be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev

from bbprompt.table import markdown_table
from benchmarks.paper.experiment import Claim, Experiment, Means
from benchmarks.paper.records import Cell, CellRecord, Scale

NOTHING = "–"
VERDICTS = {True: "yes", False: "**no**", None: "not measured"}
Found = Mapping[tuple[str, str], Sequence[float]]
"""(column, row) to each seed's accuracy, in per cent."""


def gather(records: Iterable[CellRecord]) -> dict[tuple[str, str], list[float]]:
    """Accuracies in per cent, by column and row, in the order of seeds."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        found.setdefault((record.cell.column, record.cell.row), []).append(100 * record.found.accuracy.accuracy)
    return found


def markdown(
    experiment: Experiment, scale: Scale, records: Sequence[CellRecord], lacking: Mapping[Cell, Sequence[str]]
) -> str:
    """The table, the claims and what is missing, with a newline at its end."""
    found = gather(records)
    parts = [
        f"### `python -m benchmarks.paper run {experiment.name} --scale {scale}`: {experiment.title}",
        f"Accuracy on the test images in per cent: mean over seeds ± standard deviation. {experiment.note}".strip(),
        _table(experiment, scale, found),
        *_claims(experiment, scale, records),
        *_absences(experiment, scale, found, lacking),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(experiment: Experiment, scale: Scale, found: Found) -> str:
    columns, published = experiment.columns[scale], _published_columns(experiment, scale)
    headings = ["", *columns, *(f"published{f', {column}' if column else ''}" for column in published)]
    lines = []
    for row in experiment.rows[scale]:
        ours = [_cell(found.get((column, row))) for column in columns]
        theirs = [experiment.published.get((column, row)) for column in published]
        lines.append([row, *ours, *(NOTHING if value is None else f"{value:.1f}" for value in theirs)])
    return markdown_table(headings, lines)


def _published_columns(experiment: Experiment, scale: Scale) -> list[str]:
    order = ["", *experiment.columns[scale]]
    return [column for column in order if any(key[0] == column for key in experiment.published)]


def _cell(values: Sequence[float] | None) -> str:
    if not values:
        return NOTHING
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def _claims(experiment: Experiment, scale: Scale, records: Sequence[CellRecord]) -> list[str]:
    """Each claim on the means, and in how many seeds it holds by itself: a mean of few says little."""
    if scale != "small" or not experiment.claims:
        return []
    seeds = sorted({record.cell.seed for record in records})
    by_seed = [_means(record for record in records if record.cell.seed == seed) for seed in seeds]
    return ["\n".join(_verdict(claim, _means(records), by_seed) for claim in experiment.claims)]


def _verdict(claim: Claim, means: Means, by_seed: Sequence[Means]) -> str:
    known = [holds for found in by_seed if (holds := claim.holds(found)) is not None]
    counted = f" (in {sum(known)} of {len(known)} seeds)" if known else ""
    return f"- {claim.words}: {VERDICTS[claim.holds(means)]}{counted}"


def _means(records: Iterable[CellRecord]) -> dict[tuple[str, str], float]:
    return {key: mean(values) for key, values in gather(records).items()}


def _absences(
    experiment: Experiment, scale: Scale, found: Found, lacking: Mapping[Cell, Sequence[str]]
) -> list[str]:
    expected = {(cell.column, cell.row) for cell, _ in experiment.cells(scale)}
    absent = expected - found.keys()
    if not absent:
        return []
    reasons = sorted({need for needs in lacking.values() for need in needs})
    because = f"; not here: {', '.join(reasons)}" if reasons else "; not run yet"
    return [f"{len(absent)} of {len(expected)} cells have no figure{because}."]
