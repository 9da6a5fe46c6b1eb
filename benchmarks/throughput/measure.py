"""Time two ways to send the same requests, in turn: through bbprompt, and in a bare loop of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.ledger import Budget, Ledger
from bbprompt.registry import open_oracle
from bbprompt.wrappers import paid
from bbprompt_adapters.http.library import httpx
from benchmarks.faults.dialects import ADAPTER
from benchmarks.processes import process
from benchmarks.throughput.server import LABELS, MODEL

TIMEOUT_S = 60.0


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


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One case beside one server.

    Attributes:
        answer_ms: what the server takes for an answer, in milliseconds.
        bare_per_s, ours_per_s: requests a second, the median of the rounds.
        ratio: ours of bare, the median of the rounds' ratios; low and high: its extremes.
        bare_cpu_us, ours_cpu_us: the processor's time for a request in this process, in microseconds, likewise medians.
    """

    case: str
    answer_ms: float
    in_flight: int
    requests: int
    bare_per_s: float
    ours_per_s: float
    ratio: float
    low: float
    high: float
    bare_cpu_us: float
    ours_cpu_us: float


@contextmanager
def serving(case: Case, seconds: float) -> Iterator[str]:
    """The server in a process of its own; gives its URL."""
    command = ["-m", "benchmarks.throughput.server", "--images", str(case.images), "--side", str(case.side)]
    command += ["--takes", str(seconds), "--binary" if case.binary else "--json"]
    with process(*command) as server:
        yield server.url


class Recording(httpx.BaseTransport):
    """Keeps requests instead of sending them."""

    def __init__(self, url: str) -> None:
        self._inner, self._url = httpx.HTTPTransport(), url
        self.kept: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.kept.append(request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def record(case: Case, url: str, images: UInt8) -> list[httpx.Request]:
    """Return the requests that bbprompt sends for these images, by sending them once, one after the other."""
    from bbprompt_adapters.declarative.opening import open_file
    from bbprompt_adapters.open_inference.client import open_oracle as open_inference

    network, options = Recording(url), case.options(url, 1)
    opened: Any = (
        open_inference(options, transport=network)
        if case.adapter == "open-inference"
        else open_file(case.adapter, options, transport=network)
    )
    with closing(opened) as oracle:
        for start in range(0, len(images), case.images):
            oracle.query(images[start : start + case.images])
    return network.kept


class Bare:
    """The loop: so many threads, each sending the next request until none is left."""

    def __init__(self, in_flight: int) -> None:
        limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
        self._client = httpx.Client(limits=limits, timeout=TIMEOUT_S, trust_env=False)
        self._in_flight = in_flight

    def close(self) -> None:
        self._client.close()

    def send(self, requests: Sequence[httpx.Request]) -> None:
        """Send all and read the answers."""
        remaining, turn = iter(requests), threading.Lock()

        def work(_: int) -> None:
            while True:
                with turn:
                    request = next(remaining, None)
                if request is None:
                    return
                self._client.post(
                    request.url, content=request.content, headers=dict(request.headers)
                ).raise_for_status()

        with ThreadPoolExecutor(self._in_flight) as pool:
            list(pool.map(work, range(self._in_flight)))


def measure(name: str, *, seconds: float, in_flight: int, requests: int, rounds: int) -> Row:
    """Send ``requests`` both ways, ``rounds`` times in turn, after a round that opens connections and finds the pace."""
    case, chance = CASES[name], np.random.default_rng(0)
    ours, bare = list[Took](), list[Took]()
    with ExitStack() as stack:
        url = stack.enter_context(serving(case, seconds))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ledger = stack.enter_context(Ledger.open(folder / "ledger.sqlite", budget=Budget(queries=10**9)))
        opened: Any = open_oracle(case.adapter, case.options(url, in_flight))
        oracle, loop = paid(opened, ledger), stack.enter_context(closing(Bare(in_flight)))
        stack.callback(opened.close)
        for _ in range(rounds + 1):
            images = chance.integers(0, 256, (requests * case.images, case.side, case.side, 3), dtype=np.uint8)
            kept = record(case, url, images)
            bare.append(Took.of(partial(loop.send, kept)))
            ours.append(Took.of(partial(oracle.query, images)))
    ratios = [theirs.seconds / mine.seconds for theirs, mine in zip(bare[1:], ours[1:], strict=True)]
    return Row(
        case=name,
        answer_ms=1000 * seconds,
        in_flight=in_flight,
        requests=requests,
        bare_per_s=round(requests / median(took.seconds for took in bare[1:]), 1),
        ours_per_s=round(requests / median(took.seconds for took in ours[1:]), 1),
        ratio=round(median(ratios), 3),
        low=round(min(ratios), 3),
        high=round(max(ratios), 3),
        bare_cpu_us=round(1e6 * median(took.cpu for took in bare[1:]) / requests),
        ours_cpu_us=round(1e6 * median(took.cpu for took in ours[1:]) / requests),
    )


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
