"""Images in several processes. One that kills its process is named, and the rest is done."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from bbprompt.deploy.laying import Done, Laying, Pair, lay_one
from bbprompt.overlay import decode_overlay

AT_ONCE = 16
"""Images that a process takes at a time."""

Chunk = Sequence[Pair]
How = tuple[bytes, bool]
"""The prompt's PNG, and ``Laying.draft``."""


def lay_in_processes(prompt: bytes, pairs: Sequence[Pair], *, jobs: int, draft: bool = False) -> Iterator[Done]:
    """Lay the overlay of a PNG over each image, and say in order what became of it."""
    chunks = [pairs[start : start + AT_ONCE] for start in range(0, len(pairs), AT_ONCE)]
    yield from _lay_chunks((prompt, draft), chunks, jobs)


def _lay_chunks(how: How, chunks: Sequence[Chunk], jobs: int) -> Iterator[Done]:
    """Lay chunk after chunk; one that is lost with its process is tried image by image."""
    while chunks:
        finished = 0
        for done in _lay_until_broken(how, chunks, jobs):
            finished += 1
            yield from done
        lost, chunks = chunks[finished : finished + 1], chunks[finished + 1 :]
        for chunk in lost:
            if len(chunk) == 1:
                yield _fatal(chunk[0])
            else:
                yield from _lay_chunks(how, [[pair] for pair in chunk], 1)


def _lay_until_broken(how: How, chunks: Sequence[Chunk], jobs: int) -> Iterator[list[Done]]:
    """Lay chunk after chunk; end before the first that was lost with a process."""
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=processes, initializer=_begin, initargs=how) as pool:
        try:
            yield from pool.map(_lay_chunk, chunks)
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(cancel_futures=True)


def _fatal(pair: Pair) -> Done:
    return Done(pair[0], f"{pair[0]} ended the process that read it; is it too large for the memory?")


def _begin(prompt: bytes, draft: bool) -> None:
    global _laying  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends us
    _laying = Laying(decode_overlay(prompt), draft)


_laying: Laying
"""Each process's own."""


def _lay_chunk(chunk: Chunk) -> list[Done]:
    return [lay_one(_laying, pair) for pair in chunk]
