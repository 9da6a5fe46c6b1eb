"""A client in a process of its own, which is killed, starved of disk and resumed until its budget ends."""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted, OracleError, UsageError
from bbprompt.ledger import Budget, Ledger, image_key
from bbprompt.registry import open_oracle
from bbprompt.testing.fakes import fake_images
from bbprompt.wrappers import Cached, paid
from benchmarks.faults.books import Log, Use
from benchmarks.faults.dialects import ADAPTER, LABELS, MODEL

LEDGER = "ledger.sqlite"
USD = 0.001
NOBODY = 65534
AGAIN = 0.15
"""The share of calls that ask for images that were asked for before."""

ENDED, STOPPED = 0, 2
"""Exit statuses: the budget ended; the ledger could not be written."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a client does.

    Attributes:
        folder: where its ledger and its uses are.
        tensors: speak Open Inference v2 instead of the adapter file's JSON.
        budget: images.
        in_usd: whether the budget is given in dollars.
        seed: of the images that it asks for, and of its calls.
        varies: whether the service gives the same image another answer each time.
        file_bytes: the largest file that it may write; ``None`` for any.
        clock_jumps: whether its wall clock jumps by up to a year at every look.
        wait_s: seconds that it waits for a locked ledger.
        as_nobody: whether it gives up root's right to write everywhere.
        uses: the file of its uses.
    """

    folder: Path
    url: str
    tensors: bool
    budget: int
    in_usd: bool
    seed: int
    varies: bool = False
    file_bytes: int | None = None
    clock_jumps: bool = False
    wait_s: float = 60.0
    as_nobody: bool = False
    uses: str = "uses.log"


def work(job: Job, ready: Connection) -> None:
    """Ask until the budget ends, always from the first call on: what is on disk comes from there."""
    if job.as_nobody and os.geteuid() == 0:
        os.seteuid(NOBODY)
    if job.clock_jumps:
        _let_the_clock_jump()
    budget = Budget(usd=job.budget * USD) if job.in_usd else Budget(queries=job.budget)
    try:
        with Ledger.open(job.folder / LEDGER, budget=budget, wait_s=job.wait_s) as ledger:
            log = Log(job.folder / job.uses)
            oracle = paid(open_oracle(*options(job)), ledger, first_wait_s=0.005)
            ready.send(None)
            with _largest_file(job.file_bytes):
                for images in calls(job.seed):
                    _ask(oracle, images, log, job.file_bytes)
    except BudgetExhausted:
        os._exit(ENDED)
    except UsageError:
        os._exit(STOPPED)


def options(job: Job) -> tuple[str, dict[str, object]]:
    """What a run file would say."""
    common: dict[str, object] = {"url": job.url, "labels": list(LABELS), "answer": "logits", "timeout_s": 1.0}
    common |= {"max_batch": 2, "max_in_flight": 4}
    if job.tensors:
        return "open-inference", {**common, "model": MODEL, "usd_per_query": USD}
    return str(ADAPTER), {**common, "usd_per_image": USD, "varies": job.varies}


def calls(seed: int) -> Iterator[UInt8]:
    """Return the images of each call, without end: always the same for a seed."""
    chance, asked = random.Random(seed), list[int]()
    for number in range(10**9):
        again = asked and chance.random() < AGAIN
        turn = chance.choice(asked) if again else number
        asked.append(turn)
        yield fake_images(1 + (7 * turn + seed) % 31, seed=seed * 10**6 + turn)


def _ask(oracle: Cached, images: UInt8, log: Log, file_bytes: int | None) -> None:
    """Ask until there is an answer, as a user would, or the budget ends; what is on disk then is written down, too."""
    keys = [image_key(image) for image in images]
    while True:
        began, ended = time.monotonic(), None
        try:
            rows = oracle.query(images).values
        except (OracleError, BudgetExhausted) as error:
            ended = error if isinstance(error, BudgetExhausted) else None
            # Where answers vary, the ledger knows them by their turns.
            held = {} if oracle.spec.varies else oracle.ledger.look_up(oracle.spec.name, keys)
            found = {key: stored.values.tobytes() for key, stored in held.items()}
        else:
            found = {key: np.asarray(row).tobytes() for key, row in zip(keys, rows, strict=True)}
        if found:
            with _largest_file(None if file_bytes is None else resource.RLIM_INFINITY):
                log.write(Use(began, time.monotonic(), list(found), list(found.values())))
        if ended is not None:
            raise ended
        if len(found) == len(set(keys)):
            return


@contextmanager
def _largest_file(size: int | None) -> Iterator[None]:
    """A disk that is full, as far as this process can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _let_the_clock_jump() -> None:
    true, chance = time.time, random.Random(0)
    time.time = lambda: true() + chance.uniform(-3e7, 3e7)
