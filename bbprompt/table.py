"""The figures of finished runs as rows of words: formatted here, once, for terminal, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from bbprompt.records import AccuracyRecord, Costs, Outlook, ResultRecord, RunRecord, Stopped

if TYPE_CHECKING:
    import rich.table

HEADINGS = ("", "accuracy [95 %]", "queries", "passes", "seconds", "USD")
CAPTION = (
    "Accuracy on the test images, with its Wilson 95 % interval. Queries: images paid for, all phases. "
    "Passes: images passed forward through a local model in training."
)
ENDED: dict[Stopped, str] = {
    "budget": "its budget ended first",
    "no room": "the map alone leaves less than one validation image to win, so no prompt was paid for",
}
"""By ``ResultRecord.stopped``."""

INCLUDED = "—"
"""Stands for a cost that the runs' own rows include."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, in the order of ``HEADINGS``; every cell is ready to be shown."""

    name: str
    accuracy: str
    queries: str = INCLUDED
    passes: str = INCLUDED
    seconds: str = INCLUDED
    usd: str = INCLUDED


def rows(runs: Sequence[RunRecord]) -> list[Row]:
    """One row for each distinct *no prompt + label map*, then one for each run, in the order given."""
    plain = [Row(name, accuracy(found)) for name, found in no_prompts(runs)]
    return plain + [_run_row(run) for run in runs]


def results_table(runs: Sequence[RunRecord]) -> rich.table.Table:
    """The rows as a table for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    name, *numbers = HEADINGS
    table = Table(name, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.columns[0].overflow = "fold"
    for heading in numbers:
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for row in rows(runs):
        table.add_row(*map(Text, astuple(row)))
    return table


def results_markdown(runs: Sequence[RunRecord]) -> str:
    """The rows as a Markdown table, with no newline at its end."""
    return markdown_table(HEADINGS, (list(map(_escape_cell, astuple(row))) for row in rows(runs)))


def markdown_table(
    headings: Sequence[str], body: Iterable[Sequence[str]], *, left: Collection[int] = frozenset({0})
) -> str:
    """A Markdown table, with no newline at its end; columns are right-aligned but for those numbered in ``left``."""
    ruler = ["---" if number in left else "---:" for number in range(len(headings))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, ruler, *body])


def percent(share: float) -> str:
    """A share in [0, 1] as per cent, one decimal."""
    return f"{100 * share:.1f} %"


def accuracy(record: AccuracyRecord) -> str:
    """An accuracy with its interval."""
    return f"{percent(record.accuracy)} [{100 * record.low:.1f}, {100 * record.high:.1f}]"


def count(number: int | None) -> str:
    """A number of images; ``None`` says that there were none of the kind."""
    return "none" if number is None else f"{number:,}"


def seconds(value: float) -> str:
    """A wall time in seconds, three digits or whole seconds."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def usd(costs: Costs) -> str:
    """US dollars: unknown where the price is, none where nothing was to be paid, and never a guess."""
    if costs.usd is not None:
        return money(costs.usd)
    return "none" if costs.queries is None else "unknown"


def money(dollars: float) -> str:
    """US dollars to the cent; something too small for that is not shown as nothing."""
    return "under $0.01" if 0 < dollars < 0.01 else f"${dollars:,.2f}"


def outlook_words(ahead: Outlook) -> str:
    """What was expected, in one sentence."""
    alone = f"the map alone gets about {percent(ahead.alone)} right (training images that it was not fitted to)"
    likely = (
        f"{100 * ahead.low:.1f} to {100 * ahead.high:.1f} are likely, by the tasks measured"
        if ahead.high > 0
        else "so few queries are not likely to"
    )
    left, most = 100 * (1 - ahead.alone), 100 * ahead.most
    return f"{alone}; a prompt can add at most the other {left:.1f} points ({most:.1f} at the interval's end), {likely}"


def no_prompt_name(result: ResultRecord) -> str:
    """What a prompt has to beat."""
    return f"no prompt + {result.label_map}"


def no_prompts(runs: Sequence[RunRecord]) -> list[tuple[str, AccuracyRecord]]:
    """Each distinct *no prompt + label map* with its name, which tells of whose runs it is where names are alike."""
    shared: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        key = no_prompt_name(run.result), accuracy(run.result.no_prompt)
        shared.setdefault(key, []).append(run)
    names = [name for name, _ in shared]
    return [
        (
            name if names.count(name) == 1 else f"{name} ({', '.join(run.name for run in of)})",
            of[0].result.no_prompt,
        )
        for (name, _), of in shared.items()
    ]


def _run_row(run: RunRecord) -> Row:
    costs = run.result.costs
    return Row(
        name=run.name,
        accuracy=accuracy(run.result.prompt),
        queries=count(costs.queries),
        passes=count(costs.passes),
        seconds=seconds(costs.seconds),
        usd=usd(costs),
    )


def _escape_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")
