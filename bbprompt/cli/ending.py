"""Being asked to end: SIGTERM, as of ``docker stop``, SLURM or a spot machine that is taken back, ends as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED, TERMINATED = 130, 143
"""Exit statuses: 128 and the signal's number, as shells have it."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def terminable() -> Iterator[None]:
    """Raise ``Terminated`` within when SIGTERM comes, unless it is somebody else's or is ignored."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def ending_status(interruption: BaseException) -> int:
    """Return the exit status after an interruption, or what click has made of one."""
    terminated = isinstance(interruption, Terminated) or isinstance(interruption.__cause__, Terminated)
    return TERMINATED if terminated else INTERRUPTED


def _raise(*_: object) -> None:
    # Once is enough: a second one must not end the wait for answers that are paid for.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated
