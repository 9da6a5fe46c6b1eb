"""Time two ways to send the same requests, in turn: through bbprompt, and in a bare loop of threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Oracle
from bbprompt.registry import open_oracle
from bbprompt.wrappers import paid
from benchmarks.throughput.bare import Bare
from benchmarks.throughput.recording import Recorder
from benchmarks.throughput.rows import Row

ALONE = 9
"""Requests, one after another, that tell what an answer takes."""


class Took(NamedTuple):
    """Seconds of the clock, and of the processor in this process."""

    seconds: float
    cpu: float

    @classmethod
    def of(cls, work: Callable[[], object]) -> Self:
        """Do it."""
        began, cpu = time.perf_counter(), time.process_time()
        work()
        return cls(time.perf_counter() - began, time.process_time() - cpu)


@dataclass(frozen=True, slots=True)
class Ways:
    """Both, and what turns images into the requests that are common to them."""

    oracle: Oracle
    recorder: Recorder
    bare: Bare
    chance: np.random.Generator = field(default_factory=partial(np.random.default_rng, 0))

    def images(self, requests: int) -> UInt8:
        """Return images for so many full requests; none comes twice, so that no answer is in the ledger."""
        spec = self.oracle.spec
        return self.chance.integers(0, 256, (requests * spec.max_batch, *spec.input_size, 3), dtype=np.uint8)

    def in_turn(self, requests: int) -> tuple[Took, Took]:
        """Send so many requests; return what the bare loop took and what ours did."""
        images = self.images(requests)
        kept = self.recorder.requests(images)
        return Took.of(partial(self.bare.send, kept)), Took.of(partial(self.oracle.query, images))

    def alone_s(self) -> float:
        """Return the seconds of an answer while nothing else is asked: a median."""
        kept = self.recorder.requests(self.images(ALONE))
        return median(Took.of(partial(self.bare.send, [request])).seconds for request in kept)


@contextmanager
def both(adapter: str, options: Mapping[str, object]) -> Iterator[Ways]:
    """Open both, as ``bbprompt.registry.open_oracle`` would, with a ledger that nobody keeps."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ledger = stack.enter_context(Ledger.open(folder / "ledger.sqlite", budget=Budget(queries=10**9)))
        opened: Any = open_oracle(adapter, options)
        stack.callback(opened.close)
        recorder = stack.enter_context(closing(Recorder(adapter, options)))
        bare = stack.enter_context(closing(Bare(opened.spec.max_in_flight)))
        yield Ways(paid(opened, ledger), recorder, bare)


def measure(
    name: str,
    adapter: str,
    options: Mapping[str, object],
    *,
    images: int,
    rounds: int,
    answer_ms: float | None = None,
) -> Row:
    """Send ``images`` both ways, ``rounds`` times in turn, after a round that opens connections and finds the pace.

    Args:
        name: of the case.
        adapter: as for ``bbprompt.registry.open_oracle``; so are ``options``.
        images: in each round, rounded up to full requests.
        rounds: that count.
        answer_ms: what the server is known to take for an answer, in milliseconds; measured if left out.
    """
    with both(adapter, options) as ways:
        spec = ways.oracle.spec
        requests = -(-images // spec.max_batch)
        ways.in_turn(requests)
        turns = [ways.in_turn(requests) for _ in range(rounds)]
        return Row(
            case=name,
            answer_ms=round(1000 * ways.alone_s(), 1) if answer_ms is None else answer_ms,
            images=spec.max_batch,
            in_flight=spec.max_in_flight,
            requests=requests,
            **rates(turns, requests),
        )


def rates(turns: Sequence[tuple[Took, Took]], requests: int) -> dict[str, float]:
    """Return the figures of a ``Row`` that come of turns, bare and ours, of so many requests."""
    ratios = [bare.seconds / ours.seconds for bare, ours in turns]
    found = {"ratio": round(median(ratios), 3), "low": round(min(ratios), 3), "high": round(max(ratios), 3)}
    for way, took in zip(("bare", "ours"), zip(*turns, strict=True), strict=True):
        found[f"{way}_per_s"] = round(requests / median(one.seconds for one in took), 1)
        found[f"{way}_cpu_us"] = round(1e6 * median(one.cpu for one in took) / requests)
    return found
