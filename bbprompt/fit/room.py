"""Pre-flight: the most that a prompt could add, from answers that are there anyway.

How far a prompt will get, a few hundred queries do not tell: the slope is dearer than that (`benchmarks.queries slopes`).
How little is left to win they do tell.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Int
from bbprompt.evaluate import accuracy
from bbprompt.labelmaps import CrossFit
from bbprompt.oracle import Scores


def room(scores: Scores, targets: Int, maps: CrossFit) -> float:
    """Return the upper end of the 95 % interval (Wilson) of the share of images that the map alone gets wrong.

    Args:
        scores: answers (n, k) to the training images without a prompt.
        targets: int64, shape (n,).
        maps: fitted to them; each image goes through the one that was fitted without it.
    """
    return 1.0 - accuracy(maps(scores.log(), np.arange(len(targets))), targets).low
