"""An experiment as a figure: a line per column over the rows, with every seed's point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.records import CellRecord, Scale
from benchmarks.paper.table import gather


def draw(experiment: Experiment, scale: Scale, records: Sequence[CellRecord], path: Path) -> None:
    """Write the figure; the suffix of ``path`` says in which format."""
    from matplotlib.figure import Figure

    found, rows = gather(records), list(experiment.rows[scale])
    figure = Figure(figsize=(1.8 + 0.75 * len(rows), 3.6), layout="constrained")
    panel = figure.subplots()
    for number, column in enumerate(experiment.columns[scale]):
        known = [(place, found[column, row]) for place, row in enumerate(rows) if (column, row) in found]
        places = [place for place, _ in known]
        panel.plot(places, [mean(values) for _, values in known], color=f"C{number}", label=column)
        for place, values in known:
            panel.plot([place] * len(values), values, ".", color=f"C{number}", alpha=0.5)
    panel.set_xticks(range(len(rows)), rows, rotation=30 if max(map(len, rows)) > 4 else 0)
    panel.set(ylabel="test accuracy, %", title=experiment.title)
    panel.title.set_fontsize("small")
    panel.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
