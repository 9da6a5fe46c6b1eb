"""What went through a stack of wrappers, for a line of progress."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts of this process alone; the ledger's ``spent`` is the whole truth.

    Attributes:
        hits: images answered without a query.
        paid: images that were sent and count as spent.
        retries: requests that were sent again.
    """

    hits: int = 0
    paid: int = 0
    retries: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, hits: int = 0, paid: int = 0, retries: int = 0) -> None:
        """Count more, from any thread."""
        with self._turn:
            self.hits += hits
            self.paid += paid
            self.retries += retries
