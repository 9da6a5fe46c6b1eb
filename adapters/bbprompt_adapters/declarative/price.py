"""What a request may cost, before it is sent, and what it did cost, where the service says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bbprompt.errors import ConfigError
from bbprompt_adapters.declarative.options import Common
from bbprompt_adapters.declarative.paths import Path, optional_path
from bbprompt_adapters.declarative.schema import Price

UNITS = ("image", "request", "token", "second")


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in US dollars.

    Attributes:
        per_query: of an image; ``None`` if unknown.
        per_request: of a request, on top; the most that it may be.
        per_unit: of a token or a second; ``None`` where the price is fixed or unknown.
        amount: path from a body to its tokens or seconds.
        measured: whether the time that an answer took stands in for seconds that it does not tell.
    """

    per_query: float | None
    per_request: float = 0.0
    per_unit: float | None = None
    amount: Path | None = None
    measured: bool = False

    def cost(self, body: Any, *, seconds: float) -> float | None:
        """Return what an answer cost; ``None`` if that is not said, or was known before."""
        if self.per_unit is None:
            return None
        found = self.amount(body) if self.amount else seconds if self.measured else None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < math.inf:
            return None
        return found * self.per_unit


def make_tariff(price: Price, common: Common) -> Tariff:
    """Return the prices that a run file and an adapter agree on.

    Raises:
        ConfigError: a price in another unit, or one per token or second without a most per request.
    """
    given = [unit for unit in UNITS if getattr(common, f"usd_per_{unit}") is not None]
    if [unit for unit in given if unit != price.unit]:
        raise ConfigError(f"[oracle] usd_per_{given[0]}: this service charges by the {price.unit}")
    usd: float | None = getattr(common, f"usd_per_{price.unit}")
    if usd is None:
        return Tariff(per_query=None)
    if price.unit == "image":
        return Tariff(per_query=usd)
    if price.unit == "request":
        return Tariff(per_query=0.0, per_request=usd)
    most = common.most_per_request or price.most
    if most is None:
        raise ConfigError(
            f"[oracle] lacks the key 'most_per_request': {price.unit}s that one request may use at most, "
            "which are set aside before it is sent"
        )
    return Tariff(
        per_query=0.0,
        per_request=usd * most,
        per_unit=usd,
        amount=optional_path(price.amount, where="[price] amount"),
        measured=price.unit == "second",
    )
