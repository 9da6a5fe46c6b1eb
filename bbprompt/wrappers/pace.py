"""How many requests are under way at once: found by trying, as congestion control does.

The limit starts low and doubles while that answers more images a second; where it does not, the last step is taken
back, and tried again much later. When the service asks for fewer requests, the limit halves and nothing new is sent
for as long as it asks; from then on it grows by one at a time (additive increase, multiplicative decrease: Chiu & Jain
1989, Computer Networks 17:1).

A request is written down before it is sent and its answer before it is used, and the disk takes its time. So that the
gate never waits for the disk, some requests more than the limit are let into the line before it: one more whenever a
turn found nobody ready while others were kept out, fewer while somebody always waits. Where a service is slower than
the disk, that is one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bbprompt.errors import OracleError
from bbprompt.wrappers.halt import Unsent, current_halt

START = 2
HELPS = 1.1
"""How many times the throughput must grow for a larger limit to be kept."""

WINDOW = 3
"""Requests, for each that may be under way, that a limit is judged by."""

TRY_AGAIN = 20
"""Windows after which a larger limit is tried once more."""

LOOK_S = 0.1

FEWER = 0.25
"""By how much the line shrinks at a turn that leaves somebody waiting."""


@dataclass(slots=True)
class Pace:
    """A gate that lets ``limit`` requests through at once, no more than so many a minute, and the line before it.

    Attributes:
        most: what ``limit`` never passes.
        per_minute: most requests to start in a minute; ``None`` for any number.
        longest_hold_s: longest time in seconds that nothing is sent because the service asks for it.
        clock: seconds, from any origin.
    """

    most: int
    per_minute: float | None = None
    longest_hold_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    limit: int = field(init=False)
    under_way: int = field(default=0, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _free: threading.Condition = field(init=False, repr=False)
    _room: threading.Condition = field(init=False, repr=False)
    _admitted: int = field(default=0, init=False)
    _kept_out: int = field(default=0, init=False)
    _ready: int = field(default=0, init=False)
    _ahead: float = field(default=1.0, init=False)
    _next_start: float = field(default=0.0, init=False)
    _held_until: float = field(default=0.0, init=False)
    _times: list[float] = field(default_factory=list, init=False, repr=False)
    _before: tuple[int, float] | None = field(default=None, init=False)
    _waits: int = field(default=0, init=False)
    _careful: bool = field(default=False, init=False)
    _generation: int = field(default=0, init=False)
    _slowed_at: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self.limit = min(START, self.most)
        self._free, self._room = threading.Condition(self._turn), threading.Condition(self._turn)

    @contextmanager
    def line(self) -> Iterator[None]:
        """Stand in line, from before a request is written down until its answer is.

        Raises:
            Halted: the call failed before there was room.
        """
        halt = current_halt()
        with self._turn:
            self._kept_out += 1
            try:
                while self._admitted >= self.limit + int(self._ahead):
                    self._room.wait(LOOK_S)
                    halt.sleep(0)
            finally:
                self._kept_out -= 1
            self._admitted += 1
        try:
            yield
        finally:
            with self._turn:
                self._admitted -= 1
                self._room.notify()

    def enter(self) -> tuple[float, int]:
        """Wait for a turn; return what ``leave`` wants back.

        Raises:
            Unsent: the call failed meanwhile.
        """
        halt = current_halt()
        with self._turn:
            self._ready += 1
            try:
                while (wait := self._wait_s()) > 0:
                    self._free.wait(min(wait, LOOK_S))
                    if halt.is_set():
                        raise Unsent
            finally:
                self._ready -= 1
            if self._ready:
                self._ahead = max(1.0, self._ahead - FEWER)
            self.under_way += 1
            full = self.under_way >= self.limit
            now = self.clock()
            if self.per_minute:
                self._next_start = max(self._next_start, now) + 60 / self.per_minute
            return now, self._generation if full else -1

    def _wait_s(self) -> float:
        if self.under_way >= self.limit:
            return LOOK_S
        return max(self._held_until, self._next_start) - self.clock()

    def leave(self, entered: tuple[float, int], error: BaseException | None) -> None:
        """Give the turn back, and learn from how it went."""
        started, generation = entered
        with self._turn:
            self.under_way -= 1
            if self._kept_out and not self._ready:
                self._ahead = min(float(self.most), self._ahead + 1)
                self._room.notify()
            if isinstance(error, OracleError) and error.busy:
                self._slow_down(started, error.retry_after_s or 0.0)
            elif error is None and generation == self._generation:
                self._times.append(self.clock() - started)
                if len(self._times) >= WINDOW * self.limit:
                    self._judge()
            self._free.notify()

    def _slow_down(self, started: float, hold_s: float) -> None:
        """Once for all the requests that were under way together: they met the same refusal."""
        now = self.clock()
        if hold_s <= self.longest_hold_s:
            self._held_until = max(self._held_until, now + hold_s)
        if started >= self._slowed_at:
            self._careful, self._slowed_at, self._before = True, now, None
            self._set(max(1, self.limit // 2))

    def _judge(self) -> None:
        """Requests that started while the gate was full tell the throughput: limit / mean latency (Little's law)."""
        rate = self.limit * len(self._times) / max(sum(self._times), 1e-9)
        before, self._before = self._before, (self.limit, rate)
        if before is not None and before[0] < self.limit and rate < HELPS * before[1]:
            self._waits = TRY_AGAIN
            self._before = None
            self._set(before[0])
        elif self._waits > 0:
            self._waits -= 1
            self._set(self.limit)
        else:
            self._set(min(self.most, self.limit + 1 if self._careful else 2 * self.limit))

    def _set(self, limit: int) -> None:
        self.limit, self._times = limit, []
        self._generation += 1
        self._free.notify_all()
        self._room.notify_all()
