"""A wrapper of an oracle is an oracle: one idea each, stacked by ``paid``."""

from __future__ import annotations

from bbprompt.ledger import Ledger
from bbprompt.oracle import Oracle
from bbprompt.wrappers.cached import Cached
from bbprompt.wrappers.concurrent import Concurrent
from bbprompt.wrappers.counters import Counters
from bbprompt.wrappers.encoded import encoded
from bbprompt.wrappers.held import Held
from bbprompt.wrappers.judging import Judging, aside
from bbprompt.wrappers.metered import Metered
from bbprompt.wrappers.pace import Pace
from bbprompt.wrappers.paced import Circuit, Lined, Paced
from bbprompt.wrappers.replayed import Replayed, encode_spec, read_replayed
from bbprompt.wrappers.retrying import Retrying

__all__ = [
    "Cached",
    "Circuit",
    "Concurrent",
    "Counters",
    "Held",
    "Judging",
    "Lined",
    "Metered",
    "Pace",
    "Paced",
    "Replayed",
    "Retrying",
    "aside",
    "encoded",
    "paid",
    "read_replayed",
]


def paid(oracle: Oracle, ledger: Ledger, *, first_wait_s: float = 1.0) -> Cached:
    """Put ``oracle`` behind ``ledger``: hits are free, retries are paid, n images go out in requests of its size.

    The same ``counters`` are on every layer; the outermost's are those to show.

    Args:
        oracle: what is paid for.
        ledger: where it is written down.
        first_wait_s: upper end of the wait before a request is first sent again, in seconds.
    """
    counters, spec = Counters(), oracle.spec
    ledger.describe(spec.name, encode_spec(spec))
    pace = Pace(spec.max_in_flight, spec.requests_per_minute)
    circuit = Circuit(answered=any(charge.answered for charge in ledger.bill() if charge.oracle == spec.name))
    metered = Metered(Paced(oracle, pace, circuit), ledger, counters=counters)
    retrying = Retrying(Lined(metered, pace), counters=counters, first_wait_s=first_wait_s)
    # Some are written down while others are under way, also where those go out one at a time.
    return Cached(Concurrent(retrying, threads=2 * spec.max_in_flight), ledger, counters=counters)
