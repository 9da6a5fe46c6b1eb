"""Why a body is no JSON: NaN or infinity, which servers in Python write as such, or a mistake somewhere in it."""

from __future__ import annotations

import json

SHOWN_BEFORE, SHOWN_AFTER = 40, 120
"""Characters around a mistake: what led to it, and enough of what is there to tell what it is."""


def holds_nan(text: str) -> bool:
    """Whether ``text`` is JSON but for numbers that JSON cannot hold: NaN, Infinity (RFC 8259, section 6), 1e400."""
    found: list[str] = []

    def finite(number: str) -> float:
        if abs(float(number)) == float("inf"):
            found.append(number)
        return 0.0

    try:
        json.loads(text, parse_constant=found.append, parse_float=finite)
    except (ValueError, RecursionError):
        return False
    return bool(found)


def around_mistake(text: str) -> str:
    """Return where reading ends, and what stands there."""
    position = 0
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        position = error.pos
    except (ValueError, RecursionError):
        pass
    start, end = max(0, position - SHOWN_BEFORE), position + SHOWN_AFTER
    shown = ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")
    return f"character {position} of {len(text)}: {shown!r}"
