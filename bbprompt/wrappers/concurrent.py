"""Split n images into requests, and keep several of them under way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import Float32, UInt8
from bbprompt.oracle import Oracle, OracleSpec, Scores
from bbprompt.wrappers.halt import Halt, work_for


@dataclass(frozen=True, slots=True)
class Concurrent:
    """Send n images in requests of ``spec.max_batch``, in order, by ``threads``, else ``spec.max_in_flight``, at once.

    Only the last request may be smaller. The answers come in the images' order, whichever came first. After the
    first failure nothing more is sent; what is under way is waited for, because it is paid.
    """

    oracle: Oracle
    threads: int | None = None

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3); n may be any number.

        Raises:
            BbpromptError: whatever failed first, once every request under way has ended.
        """
        spec = self.spec
        chunks = [images[i : i + spec.max_batch] for i in range(0, len(images), spec.max_batch)]
        call = _Call(self.oracle, self.threads or spec.max_in_flight)
        with call.pool() as pool:
            parts = [future.result() for future in [pool.submit(call.ask, chunk) for chunk in chunks]]
        call.raise_first()
        return Scores(np.concatenate([np.empty((0, len(spec.labels)), np.float32), *parts]), spec.answer)


class _Call:
    """One call's requests, and whether one of them has failed."""

    def __init__(self, oracle: Oracle, threads: int) -> None:
        self._oracle, self._threads = oracle, threads
        self._halt = Halt()
        self._failures: list[BaseException] = []

    @contextmanager
    def pool(self) -> Iterator[ThreadPoolExecutor]:
        """Threads for this call; an interruption halts it, so that leaving waits for nothing but requests."""
        with ThreadPoolExecutor(self._threads, initializer=work_for, initargs=(self._halt,)) as pool:
            try:
                yield pool
            finally:
                self._halt.set()

    def ask(self, chunk: UInt8) -> Float32:
        """Ask, unless the call has failed; a failure is kept for ``raise_first``."""
        if not self._halt.is_set():
            try:
                return self._oracle.query(chunk).values
            except BaseException as error:
                self._failures.append(error)
                self._halt.set()
        return np.empty((0, len(self._oracle.spec.labels)), np.float32)

    def raise_first(self) -> None:
        """Raise the failure that came first, if one came."""
        if self._failures:
            raise self._failures[0]
