"""Limits, and what was spent. Money is counted in whole picodollars: sums are exact, in any order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import ceil, isfinite

from bbprompt.errors import BudgetExhausted, ConfigError

PICO = 10**12


def pico_price(usd: float | None) -> int | None:
    """Return a price in picodollars, rounded up; ``None`` where it is unknown.

    Raises:
        ConfigError: the price is negative or not finite.
    """
    if usd is None:
        return None
    if not (isfinite(usd) and usd >= 0):
        raise ConfigError(f"usd_per_query must be 0 or more, got {usd}; leave it out where the price is unknown")
    return int((Decimal(str(usd)) * PICO).to_integral_value(ROUND_CEILING))


def pico_cost(n: int, usd_per_query: float | None, usd_per_request: float) -> int | None:
    """Return the most that a request of n queries may cost in picodollars; ``None`` where the price is unknown.

    Raises:
        ConfigError: as ``pico_price``.
    """
    price = pico_price(usd_per_query)
    return None if price is None else n * price + (pico_price(usd_per_request) or 0)


@dataclass(frozen=True, slots=True)
class Aside:
    """What a ledger does not let through yet, because it is for later.

    Attributes:
        queries: images.
        usd: US dollars that they may cost.
    """

    queries: int = 0
    usd: float = 0.0

    def grown(self, factor: float) -> Aside:
        """For so many times the queries, rounded up."""
        return Aside(ceil(self.queries * factor), self.usd * factor)


NOTHING = Aside()


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a ledger lets through, everything in its file counted.

    Attributes:
        queries: images; ``None`` for no limit.
        usd: US dollars; ``None`` for no limit. Oracles of unknown price are refused under such a limit.

    Raises:
        ConfigError: a limit that is not above zero.
    """

    queries: int | None = None
    usd: float | None = None

    def __post_init__(self) -> None:
        if self.queries is not None and (not isinstance(self.queries, int) or self.queries < 1):
            raise ConfigError(f"a budget of queries must be a whole number from 1, got {self.queries!r}")
        if self.usd is not None and not (isfinite(self.usd) and self.usd > 0):
            raise ConfigError(f"a budget in US dollars must be above 0, got {self.usd!r}")

    def check(self, *, spent: int, spent_pico: int, n: int, cost: int | None, aside: Aside = NOTHING) -> None:
        """Let n more queries for ``cost`` picodollars in all through, or none of them; ``aside`` is left.

        Raises:
            BudgetExhausted: they do not fit.
            ConfigError: the budget is in dollars and the price unknown.
        """
        if self.queries is not None and spent + n + aside.queries > self.queries:
            kept = f", {aside.queries} are set aside for looks and the test" if aside.queries else ""
            raise BudgetExhausted(
                f"the budget is {self.queries} queries and {spent} are spent{kept}: {n} more do not fit; "
                "raise [budget] queries and resume, what was paid for is kept"
            )
        if self.usd is not None:
            self._check_usd(spent_pico, n, cost, aside)

    def _check_usd(self, spent_pico: int, n: int, cost: int | None, aside: Aside) -> None:
        assert self.usd is not None
        if cost is None:
            raise ConfigError(
                f"a budget of {self.usd:.6g} USD needs the oracle's price, got none; "
                "set its price per query, or [budget] queries instead of usd"
            )
        kept_pico = pico_price(aside.usd) or 0
        if spent_pico + cost + kept_pico > int((Decimal(str(self.usd)) * PICO).to_integral_value(ROUND_FLOOR)):
            kept = f", {aside.usd:.6g} are set aside for looks and the test" if kept_pico else ""
            raise BudgetExhausted(
                f"the budget is {self.usd:.6g} USD and {spent_pico / PICO:.6g} are spent{kept}: {n} more queries for "
                f"{cost / PICO:.6g} do not fit; raise [budget] usd and resume, what was paid for is kept"
            )


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent, in images.

    Attributes:
        answered: the answer is in the ledger.
        failed: paid for, without a usable answer.
        in_flight: reserved by this ledger, not yet settled.
        lost: reserved by another one: under way in another process, or lost with a process that was killed.
        usd: US dollars for all of these; ``None`` if the price of any is unknown.
    """

    answered: int
    failed: int
    in_flight: int
    lost: int
    usd: float | None

    @property
    def queries(self) -> int:
        """All that counts against the budget."""
        return self.answered + self.failed + self.in_flight + self.lost


@dataclass(frozen=True, slots=True)
class Charge:
    """One oracle's line on the bill, in images.

    Attributes:
        oracle: its ``spec.name``.
        answered: the answer is in the ledger.
        failed: paid for, without a usable answer.
        pending: reserved and not settled, by whichever process.
        usd: US dollars for all of these; ``None`` if the price of any is unknown.
    """

    oracle: str
    answered: int
    failed: int
    pending: int
    usd: float | None
