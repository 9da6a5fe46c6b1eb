"""Run cells one after another, or several at once, each in a process with one thread."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from benchmarks.queries.cell import run_cell
from benchmarks.queries.records import Cell, CellRecord

Job = tuple[Cell, tuple[int, ...]]
"""A cell, and the budgets to run it at."""


def run_jobs(jobs: Sequence[Job], *, at_once: int, data: Path, machine: str) -> Iterator[CellRecord]:
    """Run ``jobs`` and yield each as it is finished, in whatever order."""
    run = partial(_run, data=data, machine=machine)
    if at_once == 1:
        use_one_thread()
        yield from map(run, jobs)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(at_once, mp_context=context, initializer=use_one_thread) as pool:
            for future in as_completed([pool.submit(run, job) for job in jobs]):
                yield future.result()


def use_one_thread() -> None:
    """Keep torch, and what is started from here, to one thread: cells are small, and many run at once."""
    import torch

    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def _run(job: Job, *, data: Path, machine: str) -> CellRecord:
    cell, budgets = job
    return run_cell(cell, budgets, data=data, machine=machine)
