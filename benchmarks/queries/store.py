"""Finished cells on disk: one line of JSON each, a file per task, and beside them the machines they ran on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bbprompt.atomic import write_atomically
from benchmarks.documents import write_json
from benchmarks.machine import Machine
from benchmarks.queries.records import Cell, CellRecord, Recipe

MACHINES = "machines.json"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of results. One process writes to it; killed at any moment, it holds every finished cell."""

    folder: Path

    def add(self, *records: CellRecord) -> None:
        """Keep finished cells, in place of earlier runs of the same ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for task in sorted({record.cell.task for record in records}):
            path = self.folder / f"{task}.jsonl"
            kept = {record.cell: record for record in (*_read(path), *records) if record.cell.task == task}
            write_atomically(path, b"".join(msgspec.json.encode(kept[cell]) + b"\n" for cell in sorted(kept)))

    def merge(self, other: Store, recipe: Callable[[Cell], Recipe]) -> list[CellRecord]:
        """Take over the cells of ``other`` that were run as today's would be, and the machines that they ran on.

        Its cells replace those that are here, but for ones that are today's, too, and have more budgets.

        Returns:
            The records that are new here.
        """
        known = {record.cell: record for record in self.records()}
        taken = list[CellRecord]()
        for record in other.records():
            mine, wanted = known.get(record.cell), recipe(record.cell)
            lesser = mine is not None and mine.recipe == wanted and set(record.budgets) < set(mine.budgets)
            if record != mine and not lesser and record.recipe == wanted:
                taken.append(record)
        machines = other.machines()
        for key in sorted({record.machine for record in taken}):
            self.add_machine(machines[key])
        self.add(*taken)
        return taken

    def records(self) -> list[CellRecord]:
        """Every finished cell, sorted."""
        return [record for path in sorted(self.folder.glob("*.jsonl")) for record in _read(path)]

    def add_machine(self, machine: Machine) -> str:
        """Describe ``machine``, once; return its key."""
        key = hashlib.sha256(msgspec.json.encode(machine)).hexdigest()[:8]
        known = self.machines()
        if key not in known:
            write_json(self.folder / MACHINES, {**known, key: machine})
        return key

    def machines(self) -> dict[str, Machine]:
        """Every machine described so far, by key."""
        path = self.folder / MACHINES
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Machine]) if path.exists() else {}


def finished(records: Iterable[CellRecord], cell: Cell, budgets: Iterable[int], recipe: Recipe) -> bool:
    """Whether ``cell`` has been run in this way, and at these budgets or more."""
    return any(
        record.cell == cell and record.recipe == recipe and set(budgets) <= set(record.budgets)
        for record in records
    )


def _read(path: Path) -> list[CellRecord]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=CellRecord) for line in lines]
