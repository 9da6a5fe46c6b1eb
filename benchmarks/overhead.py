"""What estimators cost beside the oracle: time per image scored and peak memory, at the size of VP's frame.

    python -m benchmarks.overhead [--steps 30]

At d = 70,000 an estimator should add no more than 2 % to an oracle that takes 10 ms for an image, and memory should grow
in proportion to d; what takes more is bold. One thread; each estimator with its defaults; the time is the processor's,
of ``ask`` and ``tell`` without rendering, in the median of the steps after the first. Families that refuse so many
dimensions are left out.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from statistics import median

import click
import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

from bbprompt.arrays import Float
from bbprompt.estimators import ESTIMATORS, GUIDED, Estimator, make_estimator
from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe

SIZE = 70_000
ORACLE_MS = 10.0
ALLOWED = 0.02


class Overhead(msgspec.Struct, frozen=True, kw_only=True):
    """One estimator.

    Attributes:
        candidates: per step, on average.
        images_per_candidate: the estimator's own.
        ms_per_candidate: of ``ask`` and ``tell`` together.
        share: of an oracle's time, for as many images as the estimator would have scored.
        vectors: peak memory of building and stepping it, in float64 vectors of length d.
        vectors_at_half: the same for half as many dimensions; about equal where memory is linear in d.
    """

    name: str
    candidates: float
    images_per_candidate: int
    ms_per_candidate: float
    share: float
    vectors: float
    vectors_at_half: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    size: int
    oracle_ms: float
    estimators: list[Overhead]


def measure(name: str, *, steps: int) -> Overhead:
    """Time ``steps`` steps of the estimator called ``name``, then weigh a few."""
    estimator = _open(name, SIZE)
    images = estimator.images_per_candidate
    seconds, counts = zip(*list(_steps(estimator, 1 + steps))[1:], strict=True)
    per_candidate = 1000 * median(s / n for s, n in zip(seconds, counts, strict=True))
    return Overhead(
        name=name,
        candidates=round(float(np.mean(counts)), 1),
        images_per_candidate=images,
        ms_per_candidate=round(per_candidate, 4),
        share=round(per_candidate / (images * ORACLE_MS), 5),
        vectors=_weigh(name, SIZE),
        vectors_at_half=_weigh(name, SIZE // 2),
    )


def _open(name: str, size: int) -> Estimator:
    prior = _prior(size) if name in GUIDED else None
    return make_estimator(name, np.zeros(size), rng=np.random.default_rng(0), prior=prior)


def _prior(size: int) -> Callable[[Float], Float]:
    direction = np.random.default_rng(1).normal(size=size)
    return lambda _theta: direction


def _steps(estimator: Estimator, count: int) -> Iterator[tuple[float, int]]:
    """Seconds and candidates of each of ``count`` steps on losses of chance."""
    rng = np.random.default_rng(2)
    for _ in range(count):
        began = time.process_time()
        candidates = len(estimator.ask().thetas)
        asked = time.process_time()
        losses = rng.normal(size=candidates)
        answered = time.process_time()
        estimator.tell(losses)
        yield asked - began + time.process_time() - answered, candidates


def _weigh(name: str, size: int) -> float:
    tracemalloc.start()
    estimator = _open(name, size)
    list(_steps(estimator, 2))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / (8 * size), 1)


@click.command()
@click.option("--steps", type=click.IntRange(min=1), default=30, show_default=True, help="Timed steps of each.")
def main(steps: int) -> None:
    """Measure every estimator; print a table and write overhead.json."""
    with threadpool_limits(1):
        found = [measure(name, steps=steps) for name in sorted({**ESTIMATORS, **GUIDED})]
    measured = Measured(machine=describe(), size=SIZE, oracle_ms=ORACLE_MS, estimators=found)
    write_json(RESULTS / "overhead.json", measured)
    click.echo(table(measured))


def table(measured: Measured) -> str:
    """The figures as Markdown."""
    heads = ("estimator", "ms a candidate", "images", "of a 10 ms oracle", "vectors of d", "at d / 2")
    return markdown_table(heads, map(_cells, measured.estimators))


def _cells(e: Overhead) -> tuple[str, ...]:
    mark = "**" if e.share > ALLOWED else ""
    share, vectors = f"{mark}{e.share:.2%}{mark}", (f"{e.vectors:.0f}", f"{e.vectors_at_half:.0f}")
    return (e.name, f"{e.ms_per_candidate:.2f}", str(e.images_per_candidate), share, *vectors)


if __name__ == "__main__":
    main()
