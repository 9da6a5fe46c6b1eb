"""Experiments on Ray: the same figures as one after another in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ray = pytest.importorskip("ray", reason="ray is not installed: make test-models")

from benchmarks.paper.records import Cell, Measured, Spec
from benchmarks.paper.workers import run_jobs

pytestmark = pytest.mark.filterwarnings("ignore")

CONFIG = {
    "oracle": {"adapter": "efficientnet-lite0", "input_size": 32},
    "data": {"source": "digits", "shots": 4, "validation": 20, "test": 50},
    "labels": {"map": "frequency"},
    "fit": {"method": "gradient", "epochs": 1, "looks": 1},
}


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    ray.shutdown()


def cell(row: str, seed: int) -> Cell:
    return Cell(experiment="toy", scale="small", column="a", row=row, seed=seed)


def timeless(found: Measured) -> Measured:
    costs = None if found.costs is None else msgspec.structs.replace(found.costs, seconds=0.0)
    return msgspec.structs.replace(found, costs=costs)


def test_the_same_figures_on_ray(tmp_path: Path) -> None:
    kinds = ("no-prompt", "run")
    jobs = [(cell(kind, seed), Spec(kind=kind, config=CONFIG)) for kind in kinds for seed in (0, 1)]  # type: ignore[arg-type]
    here, there = (
        {done.cell: timeless(done.found) for done in run_jobs(jobs, tmp_path, on_ray=on_ray)}
        for on_ray in (False, True)
    )
    assert here == there
    assert len({found.accuracy.correct for found in here.values()}) > 1
