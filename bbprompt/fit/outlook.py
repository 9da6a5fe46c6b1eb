"""Pre-flight: what a prompt is likely to add to the map alone, from answers that are there anyway.

What there is to win, the images tell that the map gets wrong. How much of that a prompt wins, a twentieth of a budget
does not tell, because the slope is dearer than that (`benchmarks.queries slopes`). It is taken from the tasks on which
`auto` was measured with as many queries: from those with small images, or those with large ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from bbprompt.evaluate import accuracy
from bbprompt.labelmaps import CrossFit
from bbprompt.records import Outlook

SMALL = 60**2
"""Pixels of an image, fewer of which are few: between those measured, of 32 and of 112 pixels square, logarithmically."""

Won: TypeAlias = Mapping[int, tuple[float, float]]
"""Of what the map alone leaves, the share that ``auto`` won, by queries, the map's own included: lower and upper quartile
over the tasks of benchmarks/results/queries (`python -m benchmarks.queries outlook`)."""

WON_BY_SMALL: Won = {
    500: (0.07, 0.19),
    1_000: (0.01, 0.19),
    2_000: (0.10, 0.26),
    5_000: (0.11, 0.25),
    10_000: (0.12, 0.28),
}
WON_BY_LARGE: Won = {500: (0.00, 0.00), 1_000: (0.00, 0.00), 2_000: (0.00, 0.04), 5_000: (0.00, 0.06)}


def outlook(maps: CrossFit, *, queries: int, pixels: int) -> Outlook:
    """Look ahead.

    Args:
        maps: fitted to the answers to the training images without a prompt; each image goes through the one that was
            fitted without it.
        queries: images that ``auto`` may score, beside those that ``maps`` were fitted to.
        pixels: of the oracle's images.
    """
    alone = accuracy(maps.held_out(), maps.targets)
    won = WON_BY_SMALL if pixels < SMALL else WON_BY_LARGE
    measured = [budget for budget in won if budget <= queries + len(maps.targets)]
    low, high = won[max(measured)] if measured else (0.0, 0.0)
    left = 1.0 - alone.value
    return Outlook(alone=alone.value, most=1.0 - alone.low, low=low * left, high=high * left)
