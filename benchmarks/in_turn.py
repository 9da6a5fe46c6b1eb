"""Works that are compared: each in a process of its own, so that none has another's memory or settings."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager


@contextmanager
def processes(environments: Mapping[str, Mapping[str, str]]) -> Iterator[Callable[..., float]]:
    """Begin a process for each name, in its environment.

    What comes back is called as ``run(name, work, *arguments)``, has that process do the work, and returns the seconds of
    its processor that it took.
    """
    with ExitStack() as stack:
        pools = {name: stack.enter_context(_process(more)) for name, more in environments.items()}
        yield lambda name, work, *arguments: pools[name].submit(timed, work, *arguments).result()


def timed(work: Callable[..., object], *arguments: object) -> float:
    """Seconds of this process's processor that a work takes."""
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


@contextmanager
def _process(environment: Mapping[str, str]) -> Iterator[ProcessPoolExecutor]:
    before = dict(os.environ)
    os.environ.update(environment)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(time.process_time).result()  # it has begun
        for name in environment:
            del os.environ[name]
        os.environ.update(before)
        yield pool
