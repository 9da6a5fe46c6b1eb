"""Which labels a map was fitted to, in a few characters: a map takes columns by number, and any as many would pass.

Names that say no more than a column's number ("class_0", "class_1", ...) count as numbers: such a service may be given
names later, and its columns stay what they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bbprompt.errors import ConfigError

ORDERED = "labels"
AS_A_SET = "label_set"
"""Keys of an overlay's ``training``: SHA-256 of the labels as a JSON list, in order and sorted; 16 hex digits."""


def digest_labels(labels: Sequence[str]) -> dict[str, str]:
    """Return what an overlay's ``training`` keeps of the labels that its map was fitted to."""
    ordered = _numbers(len(labels)) if _are_numbers(labels) else labels
    return {ORDERED: _digest(ordered), AS_A_SET: _digest(sorted(labels))}


def check_labels(labels: Sequence[str], training: Mapping[str, Any], *, whose: str, prompt: str) -> None:
    """Refuse labels that a prompt's map was not fitted to; a ``training`` that does not say which passes.

    Args:
        labels: of the service, in the order of its scores.
        training: of the prompt's overlay.
        whose: who has these labels, for the message.
        prompt: likewise.

    Raises:
        ConfigError: the same labels in another order, or other labels.
    """
    was, now = training.get(ORDERED), digest_labels(labels)
    if was is None or was == now[ORDERED]:
        return
    if training.get(AS_A_SET) == now[AS_A_SET]:
        raise ConfigError(
            f"{whose} has the labels that the label map of {prompt} was fitted to in another order, and one label's "
            "score would be taken for another's; give them in the order that the run had"
        )
    if _are_numbers(labels) or was == _digest(_numbers(len(labels))):
        return
    raise ConfigError(
        f"{whose} has other labels than those that the label map of {prompt} was fitted to, now {_named(labels)}; "
        "give those that the run had, or fit a prompt to this service"
    )


def _named(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 2:,} more" if len(labels) > 2 else ""
    return ", ".join(map(repr, labels[:2])) + more


def _are_numbers(labels: Sequence[str]) -> bool:
    prefix = labels[0].removesuffix("0") if labels else ""
    return all(label == f"{prefix}{number}" for number, label in enumerate(labels))


def _numbers(k: int) -> list[str]:
    return [str(number) for number in range(k)]


def _digest(labels: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(labels)).encode()).hexdigest()[:16]
