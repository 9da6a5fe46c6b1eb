"""Resident memory while many images are scored, all of them different, so that nothing is a hit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from bbprompt.ledger import Budget, Ledger
from bbprompt.registry import open_oracle
from bbprompt.wrappers import paid
from benchmarks.throughput.cases import Case, serving

CALL = 1_000
CASE = Case(adapter="open-inference", images=8, side=16, binary=True)


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What was sampled.

    Attributes:
        queries: images scored at each sample.
        resident_mb: at each sample, in megabytes of 10^6 bytes.
        slope_mb: by how many megabytes it grows in 100,000 queries: least squares over the second half of the samples.
    """

    queries: list[int]
    resident_mb: list[float]
    slope_mb: float


def sample(total: int) -> Memory:
    """Score ``total`` images and look after each call of ``CALL``."""
    samples = list(_samples(total))
    queries, megabytes = np.array(samples).T
    half = len(samples) // 2
    slope = np.polyfit(queries[half:], megabytes[half:], 1)[0] * 100_000
    return Memory(
        queries=[int(n) for n in queries],
        resident_mb=[round(float(mb), 2) for mb in megabytes],
        slope_mb=round(float(slope), 3),
    )


def _samples(total: int) -> Iterator[tuple[int, float]]:
    chance = np.random.default_rng(0)
    with (
        serving(CASE, 0.0) as url,
        TemporaryDirectory() as folder,
        Ledger.open(Path(folder) / "ledger.sqlite", budget=Budget(queries=total)) as ledger,
    ):
        opened: Any = open_oracle(CASE.adapter, CASE.options(url, 8))
        with closing(opened):
            oracle = paid(opened, ledger)
            for done in range(CALL, total + 1, CALL):
                oracle.query(chance.integers(0, 256, (CALL, CASE.side, CASE.side, 3), dtype=np.uint8))
                yield done, resident_mb()
        assert ledger.spent.answered == total


def resident_mb() -> float:
    """This process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
