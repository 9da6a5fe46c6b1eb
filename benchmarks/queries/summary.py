"""From finished cells to the figures of each row: per group of cells that only method and seed tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.queries.answers import FULL
from benchmarks.queries.methods import GRADIENT, NO_PROMPT, REFERENCES
from benchmarks.queries.metrics import Estimate, mean, paired_difference, recovered_gain
from benchmarks.queries.records import Cell, CellRecord
from benchmarks.queries.tasks import CLASSES

Seeded = dict[int, float]
"""Accuracy on the test images, by seed."""


@dataclass(frozen=True, slots=True)
class Point:
    """One method at one budget.

    Attributes:
        accuracy: of the whole system, prompt and map, over seeds.
        gain: R; ``None`` where gradients gain too little.
        failures: seeds on which the method failed. They count as the map alone, which is what a user falls back on.
    """

    accuracy: Estimate
    gain: Estimate | None
    failures: int


@dataclass(frozen=True, slots=True)
class Group:
    """The cells of one task, one kind of answer and one number of shots.

    Attributes:
        floor: of no prompt.
        ceiling: of gradients.
        found: of each method, by budget.
        failed: seeds on which it failed, by budget.
    """

    task: str
    answers: str
    shots: str
    floor: Seeded
    ceiling: Seeded
    found: dict[str, dict[int, Seeded]] = field(default_factory=dict)
    failed: dict[str, dict[int, set[int]]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name, for people."""
        return f"{self.task}, {self.answers}, {self.shots}"

    def budgets(self) -> list[int]:
        """Every budget that some method has a figure for."""
        return sorted({budget for by_budget in self.found.values() for budget in by_budget})

    def references(self) -> tuple[Estimate, Estimate]:
        """Accuracy of the map alone and of gradients, over the seeds that both have."""
        seeds = sorted(self.floor.keys() & self.ceiling.keys())
        return mean([self.floor[s] for s in seeds]), mean([self.ceiling[s] for s in seeds])

    def point(self, method: str, budget: int) -> Point | None:
        """The figures, over the seeds that the references have, too; ``None`` where there are none."""
        found = self.found[method].get(budget, {})
        seeds = sorted(found.keys() & self.floor.keys() & self.ceiling.keys())
        if not seeds:
            return None
        accuracies, floor, ceiling = ([by_seed[s] for s in seeds] for by_seed in (found, self.floor, self.ceiling))
        failures = len(self.failed[method].get(budget, set()).intersection(seeds))
        return Point(mean(accuracies), recovered_gain(accuracies, floor, ceiling), failures)

    def difference(self, ours: str, theirs: str, budget: int) -> Estimate | None:
        """Accuracy of one method minus another's, paired by seed; ``theirs`` may be the map alone."""
        a = self.found[ours].get(budget, {})
        b = self.floor if theirs == NO_PROMPT else self.found[theirs].get(budget, {})
        seeds = sorted(a.keys() & b.keys())
        return paired_difference([a[s] for s in seeds], [b[s] for s in seeds]) if seeds else None


def summarise(records: Iterable[CellRecord]) -> list[Group]:
    """Group finished cells; groups that lack a reference are left out."""
    by_cell = {record.cell: record for record in records}
    groups: dict[tuple[str, str, str], Group] = {}
    for cell, record in sorted(by_cell.items()):
        if cell.method not in REFERENCES:
            key = (cell.task, cell.answers, cell.shots)
            group = groups.setdefault(key, _empty(cell, by_cell))
            _enter(group, record)
    return [group for group in groups.values() if group.floor and group.ceiling]


def _empty(cell: Cell, by_cell: dict[Cell, CellRecord]) -> Group:
    """The group of ``cell``, with its references and no method yet."""
    floor = _reference(by_cell, task=cell.task, answers=cell.answers, shots=cell.shots, method=NO_PROMPT)
    ceiling = _reference(by_cell, task=cell.task, answers=FULL, shots=cell.shots, method=GRADIENT)
    return Group(cell.task, cell.answers, cell.shots, floor, ceiling)


def _reference(by_cell: dict[Cell, CellRecord], *, task: str, answers: str, shots: str, method: str) -> Seeded:
    return {
        cell.seed: record.marks[0].test.accuracy
        for cell, record in by_cell.items()
        if (cell.task, cell.answers, cell.shots, cell.method) == (task, answers, shots, method) and record.marks
    }


def _enter(group: Group, record: CellRecord) -> None:
    method, seed = record.cell.method, record.cell.seed
    found, failed = group.found.setdefault(method, {}), group.failed.setdefault(method, {})
    accuracies = {mark.budget: mark.test.accuracy for mark in record.marks}
    least = CLASSES * (record.settings.data.shots or 0) + record.settings.data.validation
    for budget in record.budgets:
        if budget in accuracies:
            found.setdefault(budget, {})[seed] = accuracies[budget]
        elif record.error is not None and budget >= least and seed in group.floor:
            found.setdefault(budget, {})[seed] = group.floor[seed]
            failed.setdefault(budget, set()).add(seed)
