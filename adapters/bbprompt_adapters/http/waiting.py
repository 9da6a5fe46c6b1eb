"""How long a service asks to be left alone: ``Retry-After`` and what vendors send instead of it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
DURATIONS = ("x-ratelimit-reset-requests", "ratelimit-reset", "x-ratelimit-reset-after")
DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?")
UNITS_S = (3600.0, 60.0, 1.0, 0.001)


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a refusal's headers ask to wait; ``None`` if they do not say.

    ``Retry-After`` as seconds or as a date, which is compared with the service's own ``Date``, because our clock may be
    wrong (RFC 9110, 10.2.3); else its forms in milliseconds (OpenAI, Azure); else the time to the reset of a rate
    limit, as seconds or as ``1m30s``.
    """
    for name in MILLISECONDS:
        if (wait := _number(headers.get(name))) is not None:
            return wait / 1000
    wait = parse_retry_after(headers.get("retry-after"), now=_timestamp(headers.get("date")))
    for name in DURATIONS:
        wait = _duration(headers.get(name)) if wait is None else wait
    return wait


def parse_retry_after(value: str | None, *, now: float | None = None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date; ``None`` for anything else.

    Args:
        value: of the header.
        now: seconds since 1970 by the clock that a date is of; by ours if left out.
    """
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return seconds
    until = _timestamp(value)
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _timestamp(date: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(date or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return max(0.0, number) if number is not None and abs(number) < float("inf") else None


def _duration(value: str | None) -> float | None:
    if (seconds := _number(value)) is not None:
        return seconds
    found = DURATION.fullmatch(value.strip()) if value else None
    if found is None or not any(found.groups()):
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), UNITS_S, strict=True) if part)
