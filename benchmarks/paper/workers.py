"""Measure cells one after another in this process, or many at once on Ray: the same figures either way.

A cell is a function of its run file and of the inputs, which each process makes for itself from ``data``: on a cluster
that folder, and this checkout, must be on every machine. One thread each.
"""

from __future__ import annotations

import atexit
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import click

from benchmarks.paper.inputs import prepare
from benchmarks.paper.measure import measure
from benchmarks.paper.records import Cell, Measured, Spec
from benchmarks.queries.workers import use_one_thread

Job = tuple[Cell, Spec]


@dataclass(frozen=True, slots=True)
class Done:
    """A measured cell, and its seconds of wall time."""

    cell: Cell
    spec: Spec
    found: Measured
    seconds: float


def run_jobs(jobs: Sequence[Job], data: Path, *, on_ray: bool) -> Iterator[Done]:
    """Measure each job and yield it as it is finished; on Ray in whatever order.

    Raises:
        click.UsageError: Ray is asked for and not installed.
    """
    if on_ray:
        yield from _on_ray(jobs, data.resolve())
    else:
        yield from (run_job(job, data) for job in jobs)


def run_job(job: Job, data: Path) -> Done:
    """Measure one cell in this process."""
    use_one_thread()
    cell, spec = job
    inputs = data if cell.scale == "paper" else _prepared(data)
    started = time.perf_counter()
    found = measure(cell, spec, inputs)
    return Done(cell, spec, found, time.perf_counter() - started)


@cache
def _prepared(data: Path) -> Path:
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepare(data, folder)
    return folder


def _on_ray(jobs: Sequence[Job], data: Path) -> Iterator[Done]:
    ray = _import_ray()
    ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(run_job)
    waiting = [remote.remote(job, data) for job in jobs]
    try:
        while waiting:
            done, waiting = ray.wait(waiting, num_returns=1)
            yield ray.get(done[0])
    finally:
        for reference in waiting:
            ray.cancel(reference, force=True)


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise click.UsageError("--ray needs Ray; pip install 'bbprompt[ray]'") from error
    return ray
