"""Adapters beside the server of our own, which answers after a fixed time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.faults.dialects import ADAPTER
from benchmarks.processes import process
from benchmarks.throughput.bare import TIMEOUT_S
from benchmarks.throughput.server import LABELS, MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One adapter and what is asked of it.

    Attributes:
        images: in each request.
        side: of an image, in pixels.
        binary: whether the server takes binary tensors.
    """

    adapter: str
    images: int
    side: int
    binary: bool = False

    def options(self, url: str, in_flight: int) -> dict[str, object]:
        """What a run file would say."""
        common: dict[str, object] = {"url": url, "labels": list(LABELS), "answer": "similarity"}
        common |= {"max_batch": self.images, "max_in_flight": in_flight, "timeout_s": TIMEOUT_S}
        return (
            {**common, "model": MODEL} if self.adapter == "open-inference" else {**common, "input_size": self.side}
        )


CASES = {
    "open-inference, binary": Case(adapter="open-inference", images=1, side=112, binary=True),
    "open-inference, binary, 16 images": Case(adapter="open-inference", images=16, side=112, binary=True),
    "open-inference, JSON": Case(adapter="open-inference", images=1, side=64),
    "adapter file, PNG": Case(adapter=str(ADAPTER), images=1, side=112),
    "adapter file, PNG, 8 images": Case(adapter=str(ADAPTER), images=8, side=112),
}


@contextmanager
def serving(case: Case, seconds: float) -> Iterator[str]:
    """The server in a process of its own; gives its URL."""
    command = ["-m", "benchmarks.throughput.server", "--images", str(case.images), "--side", str(case.side)]
    command += ["--takes", str(seconds), "--binary" if case.binary else "--json"]
    with process(*command) as server:
        yield server.url
