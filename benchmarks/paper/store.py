"""Finished cells on disk: a file of JSON lines per experiment and scale, and the machines they ran on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bbprompt.atomic import write_atomically
from benchmarks.machine import Machine
from benchmarks.paper.experiment import Experiment
from benchmarks.paper.records import Cell, CellRecord, Spec
from benchmarks.queries.store import Store as Machines


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of results. One process writes to it; killed at any moment, it holds every finished cell."""

    folder: Path

    def add(self, record: CellRecord) -> None:
        """Keep a finished cell, in place of an earlier one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        cell = record.cell
        others = [old for old in self.records(cell.experiment, cell.scale) if old.cell != cell]
        lines = sorted([*others, record], key=lambda kept: kept.cell)
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        write_atomically(self._path(cell.experiment, cell.scale), content)

    def records(self, experiment: str, scale: str) -> list[CellRecord]:
        """Every finished cell of one experiment, sorted."""
        path = self._path(experiment, scale)
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=CellRecord) for line in lines]

    def finished(self, cell: Cell, spec: Spec) -> bool:
        """Whether ``cell`` has been measured in this very way."""
        found = self.records(cell.experiment, cell.scale)
        return any(record.cell == cell and record.spec == spec for record in found)

    def add_machine(self, machine: Machine) -> str:
        """Describe ``machine``, once; return its key."""
        return Machines(self.folder).add_machine(machine)

    def _path(self, experiment: str, scale: str) -> Path:
        return self.folder / f"{experiment}-{scale}.jsonl"


def of_today(experiment: Experiment, records: Sequence[CellRecord]) -> list[CellRecord]:
    """Those that were measured as the experiment now says; others stay on disk and are shown no more."""
    seeds = 1 + max((record.cell.seed for record in records), default=0)
    specs = {cell: spec for scale in experiment.seeds for cell, spec in experiment.cells(scale, seeds=seeds)}
    return [record for record in records if specs.get(record.cell) == record.spec]
