"""What an experiment is: a table of cells, each of them a run file, and what the paper says about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.paper.records import Cell, Scale, Spec

Means = Mapping[tuple[str, str], float]
"""(column, row) to the mean accuracy over seeds, in per cent."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the paper says, which our figures bear out or not.

    Attributes:
        words: the claim.
        holds: whether it is so; ``None`` where a cell that it needs is missing.
    """

    words: str
    holds: Callable[[Means], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One table or figure of a paper.

    Attributes:
        name: as it is asked for.
        title: what it shows, of which paper.
        note: what the published column was measured on, if there is one.
        rows: what varies downwards, by scale.
        columns: what varies across, by scale.
        spec: how a cell is measured; ``None`` where the table has no such cell.
        seeds: by scale.
        published: (column, row) to the published accuracy in per cent; "" as a column serves all columns.
        claims: in the paper's words, checked against ours at the small scale.
    """

    name: str
    title: str
    note: str = ""
    rows: Mapping[Scale, Sequence[str]]
    columns: Mapping[Scale, Sequence[str]]
    spec: Callable[[Cell], Spec | None]
    seeds: Mapping[Scale, int]
    published: Mapping[tuple[str, str], float] = field(default_factory=dict)
    claims: Sequence[Claim] = ()

    def cells(self, scale: Scale, *, seeds: int | None = None) -> Iterator[tuple[Cell, Spec]]:
        """Every cell there is, seeds outermost: what is there early is a whole table."""
        for seed in range(self.seeds[scale] if seeds is None else seeds):
            for column in self.columns[scale]:
                for row in self.rows[scale]:
                    cell = Cell(experiment=self.name, scale=scale, column=column, row=row, seed=seed)
                    spec = self.spec(cell)
                    if spec is not None:
                        yield cell, spec


def rising(column: str, rows: Iterable[str], *, slack: float = 0.0) -> Callable[[Means], bool | None]:
    """Whether each row of a column is better than the one before, or worse by no more than ``slack`` points."""
    wanted = [(column, row) for row in rows]

    def holds(means: Means) -> bool | None:
        if any(key not in means for key in wanted):
            return None
        found = [means[key] for key in wanted]
        return all(after > before - slack for before, after in pairwise(found))

    return holds


def best_of(column: str, rows: Iterable[str], means: Means) -> float | None:
    """The best row of a column; ``None`` where one is missing."""
    found = [means.get((column, row)) for row in rows]
    known = [value for value in found if value is not None]
    return max(known) if known and len(known) == len(found) else None
