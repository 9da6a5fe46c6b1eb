"""How the requests of one call hear that it has failed: none is sent, and none is sent again, after that."""

from __future__ import annotations

import threading
from contextvars import ContextVar


class Halted(Exception):
    """The call has failed elsewhere; never seen outside the wrappers."""


class Unsent(Halted):
    """It failed before this request was sent."""


class Halt(threading.Event):
    """Set once the call has failed."""

    def sleep(self, seconds: float) -> None:
        """Wait, unless the call has failed or fails meanwhile.

        Raises:
            Halted: it has.
        """
        if self.wait(seconds):
            raise Halted


_CURRENT: ContextVar[Halt] = ContextVar("halt")


def current_halt() -> Halt:
    """The halt of the call that this thread works for; one that is never set outside of any."""
    return _CURRENT.get(None) or Halt()


def work_for(halt: Halt) -> None:
    """Make ``halt`` this thread's current one: the initializer of a pool that serves one call."""
    _CURRENT.set(halt)
