"""How many processors there are."""

from __future__ import annotations

import os


def processors() -> int:
    """Return how many this process may use, where the system tells; else how many the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
