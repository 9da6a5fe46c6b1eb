"""A wrapper of an oracle is an oracle: one idea each, stacked by ``paid``."""

from __future__ import annotations

from bbprompt.ledger import Ledger
from bbprompt.oracle import Oracle
from bbprompt.wrappers.cached import Cached
from bbprompt.wrappers.concurrent import Concurrent
from bbprompt.wrappers.counters import Counters
from bbprompt.wrappers.encoded import encoded
from bbprompt.wrappers.metered import Metered
from bbprompt.wrappers.retrying import Retrying

__all__ = ["Cached", "Concurrent", "Counters", "Metered", "Retrying", "encoded", "paid"]


def paid(oracle: Oracle, ledger: Ledger) -> Cached:
    """Put ``oracle`` behind ``ledger``: hits are free, retries are paid, n images go out in requests of its size.

    The same ``counters`` are on every layer; the outermost's are those to show.
    """
    counters = Counters()
    metered = Metered(oracle, ledger, counters=counters)
    return Cached(Concurrent(Retrying(metered, counters=counters)), ledger, counters=counters)
