"""What stands for the score of a label that an answer does not list, or of all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer as Kind
from bbprompt.oracle import OracleSpec
from bbprompt_adapters.declarative.schema import Answer
from bbprompt_adapters.declarative.template import fill


def unlisted_score(settings: Answer, values: Mapping[str, Any]) -> float | None:
    """Return what stands for a tag that is not listed: it lies below the threshold. ``None`` but for tags.

    Raises:
        ConfigError: the threshold is no number from 0 to 1.
    """
    if settings.kind != "tags":
        return None
    threshold = fill(settings.threshold, values, ())
    if type(threshold) in (int, float) and 0 <= threshold <= 1:
        return float(threshold) / 2
    raise ConfigError(f"[answer] threshold: expected a number from 0 to 1, got {threshold!r}")


def blank_score(spec: OracleSpec) -> float:
    """Return the score of every label for an image that names none: what its kind of answer has for "cannot tell"."""
    even = 1 / len(spec.labels)
    return {Kind.PROBABILITIES: even, Kind.TOP_K: even, Kind.TAGS: spec.unlisted or 0.0}.get(spec.answer, 0.0)


def missing_score(kind: Kind, unlisted: float | None) -> float | None:
    """Return the score of a label that is not listed; ``None`` where all must be."""
    return {Kind.TOP_K: math.nan, Kind.LABEL: 0.0, Kind.TAGS: unlisted}.get(kind)
