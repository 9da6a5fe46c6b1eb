"""Pre-flight: what a prompt is likely to add to the map alone, from answers that are there anyway.

What there is to win, the images tell that the map gets wrong. How much of that a prompt wins, a twentieth of a budget
does not tell, because the slope is dearer than that (`benchmarks.queries slopes`). It is taken from the tasks on which
`auto` was measured with as many queries.
"""

from __future__ import annotations

from bbprompt.evaluate import accuracy
from bbprompt.labelmaps import CrossFit
from bbprompt.records import Outlook

WON = {500: (0.0, 0.10), 1_000: (0.0, 0.11), 2_000: (0.0, 0.14), 5_000: (0.02, 0.15), 10_000: (0.12, 0.29)}
"""Of what the map alone leaves, the share that ``auto`` won with so many queries, the map's own included: lower and upper
quartile over the tasks of benchmarks/results/queries (`python -m benchmarks.queries outlook`)."""


def outlook(maps: CrossFit, *, queries: int) -> Outlook:
    """Look ahead.

    Args:
        maps: fitted to the answers to the training images without a prompt; each image goes through the one that was
            fitted without it.
        queries: images that ``auto`` may score, beside those that ``maps`` were fitted to.
    """
    alone = accuracy(maps.held_out(), maps.targets)
    measured = [budget for budget in WON if budget <= queries + len(maps.targets)]
    low, high = WON[max(measured)] if measured else (0.0, 0.0)
    left = 1.0 - alone.value
    return Outlook(alone=alone.value, most=1.0 - alone.low, low=low * left, high=high * left)
