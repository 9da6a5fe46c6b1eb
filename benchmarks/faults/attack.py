"""Let a client run against the faulty service, kill it at random moments, resume it, and look after each kill."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.faults.audit import BOOKS, Audit, Figures
from benchmarks.faults.client import ENDED, STOPPED, Job, work
from benchmarks.processes import process

BYTES_PER_IMAGE = 50
"""Of the service's books, about."""

LOOK_S = 0.01
EARLY = 0.2
"""The share of kills that come while the client begins; the others when the service has got so much."""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["benchmarks.faults.client", "bbprompt_adapters.declarative.opening", "bbprompt_adapters.open_inference.client"]
)


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One client's run, to the end of its budget.

    Attributes:
        kills: at random moments, before it is let alone.
        faulty: the share of requests that are answered by a fault.
    """

    budget: int
    kills: int
    seed: int
    faulty: float = 0.1
    tensors: bool = False
    binary: bool = True
    in_usd: bool = False
    varies: bool = False
    clock_jumps: bool = False


@contextmanager
def service(folder: Path, attack: Attack) -> Iterator[str]:
    """The faulty service in a process of its own, which writes its books into ``folder``; gives its URL."""
    command = ["-m", "benchmarks.faults.service", "--log", str(folder / BOOKS), "--seed", str(attack.seed)]
    command += ["--faulty", str(attack.faulty), "--open-inference" if attack.tensors else "--json"]
    command += ["--binary" if attack.binary else "--no-binary", "--varies" if attack.varies else "--constant"]
    with process(*command) as server:
        yield server.url


@contextmanager
def prepared(attack: Attack) -> Iterator[tuple[Job, Audit]]:
    """A folder, a service, and what a client is to do."""
    with TemporaryDirectory() as name, service(Path(name), attack) as url:
        job = Job(
            folder=Path(name),
            url=url,
            tensors=attack.tensors,
            budget=attack.budget,
            in_usd=attack.in_usd,
            seed=attack.seed,
            varies=attack.varies,
            clock_jumps=attack.clock_jumps,
        )
        yield job, Audit(Path(name), attack.budget, varies=attack.varies)


def run(attack: Attack) -> Figures:
    """Carry it out."""
    with prepared(attack) as (job, audit):
        kills, ended = 0, False
        for moment in _moments(attack):
            child = start(msgspec.structs.replace(job, uses=f"uses-{kills:04}.log"))
            ended = not _kill(child, job.folder, moment)
            if ended:
                break
            kills += 1
            audit.look()
        if not ended:
            finish(msgspec.structs.replace(job, uses="uses-last.log"))
        return audit.figures(kills=kills, stops=0)


def _moments(attack: Attack) -> list[tuple[float, float]]:
    """When each client is killed: once the books hold so many bytes, and so many seconds later."""
    chance = random.Random(attack.seed)
    reached = sorted(chance.uniform(0, attack.budget * BYTES_PER_IMAGE) for _ in range(attack.kills))
    return [(0.0 if chance.random() < EARLY else size, chance.expovariate(50)) for size in reached]


def start(job: Job) -> BaseProcess:
    """Start a client; returns once its ledger is open, or it has ended."""
    here, there = PROCESSES.Pipe(duplex=False)
    child = PROCESSES.Process(target=work, args=(job, there))
    child.start()
    there.close()
    try:
        here.recv()
    except EOFError:
        child.join()
    finally:
        here.close()
    return child


def _kill(child: BaseProcess, folder: Path, moment: tuple[float, float]) -> bool:
    """Kill a client when its moment has come; whether it still lived."""
    size, seconds = moment
    while child.is_alive() and _size(folder / BOOKS) < size:
        time.sleep(LOOK_S)
    time.sleep(seconds)
    child.kill()
    child.join()
    assert child.exitcode in (-9, ENDED), f"the client ended with {child.exitcode}"
    return child.exitcode == -9


def finish(job: Job) -> int:
    """Let a client run until it ends by itself; returns its exit status."""
    child = start(job)
    child.join()
    assert child.exitcode in (ENDED, STOPPED), f"the client ended with {child.exitcode}"
    return child.exitcode


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
