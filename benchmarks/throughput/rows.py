"""What both ways took, and how a table shows it."""

from __future__ import annotations

import msgspec

GOAL = 0.95
HEADS = ("answer", "bare requests/s", "ours", "ratio", "low", "high", "bare CPU, us", "ours")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One case beside one server.

    Attributes:
        answer_ms: what the server takes for an answer to one request alone, in milliseconds.
        images: in each request.
        in_flight: requests at once, at most.
        requests: in each round.
        bare_per_s, ours_per_s: requests a second, the median of the rounds.
        ratio: ours of bare, the median of the rounds' ratios; low and high: its extremes.
        bare_cpu_us, ours_cpu_us: the processor's time for a request in this process, in microseconds, likewise medians.
    """

    case: str
    answer_ms: float
    images: int
    in_flight: int
    requests: int
    bare_per_s: float
    ours_per_s: float
    ratio: float
    low: float
    high: float
    bare_cpu_us: float
    ours_cpu_us: float


def cells(row: Row) -> tuple[str, ...]:
    """Under ``HEADS``; a ratio that reaches the goal is bold."""
    ratio = f"**{row.ratio:.2f}**" if row.ratio >= GOAL else f"{row.ratio:.2f}"
    # Three digits of what is slow.
    rates = (f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}" for rate in (row.bare_per_s, row.ours_per_s))
    extremes = (ratio, f"{row.low:.2f}", f"{row.high:.2f}")
    return (f"{row.answer_ms:.0f} ms", *rates, *extremes, f"{row.bare_cpu_us:,.0f}", f"{row.ours_cpu_us:,.0f}")
