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

    ``Retry-After`` as seconds or as a date (RFC 9110, 10.2.3); else its forms in milliseconds (OpenAI, Azure); else
    the time to the reset of a rate limit, as seconds or as ``1m30s``.
    """
    for name in MILLISECONDS:
        if (wait := _number(headers.get(name))) is not None:
            return wait / 1000
    wait = parse_retry_after(headers.get("retry-after"))
    for name in DURATIONS:
        wait = _duration(headers.get(name)) if wait is None else wait
    return wait


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date; ``None`` for anything else."""
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - time.time())
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
