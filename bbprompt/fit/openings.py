"""Where learning may begin: the image in a layout, or the image as it is under loud random signs.

A frozen classifier takes foreign images for a few of the things that it knows, and around such an image its loss is a
plane for one or two grey levels: probes at a radius that tells anything through 8 bits say next to nothing of the slope.
Under signs of 32 or 64 levels, one drawn for each value of the prompt, it is a plane as far as such probes reach
(`benchmarks.queries slopes`), so that pairs get somewhere; and some draws are better than none just as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np

from bbprompt.estimators.pairs import rademacher
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import LAYOUTS, Arrange, Arranged


class Signs(NamedTuple):
    """Random signs over all values of the prompt.

    Attributes:
        level: how loud, in grey levels.
    """

    level: int


SIGNS = 6 * (Signs(64), Signs(32))

FEW_LAYOUTS, FEW_SIGNS = 4, 8
"""The first of each that few queries go to; the rest come by turns."""


def openings(
    plain: Beginning, arrange: Arrange | None, *, signs: bool, rng: np.random.Generator
) -> Iterator[Arranged]:
    """Yield openings in the order in which they are worth their queries.

    Args:
        plain: the image as it is.
        arrange: brings the task into a layout; ``None`` where it is not to be shown in any.
        signs: whether loud signs are among them.
        rng: draws the signs.
    """
    layouts, draws = LAYOUTS if arrange else (), SIGNS if signs else ()
    by_turns = chain.from_iterable(zip_longest(layouts[FEW_LAYOUTS:], draws[FEW_SIGNS:]))
    for opening in (*layouts[:FEW_LAYOUTS], *draws[:FEW_SIGNS], *by_turns):
        if isinstance(opening, Signs):
            theta = rademacher(rng, plain.theta.shape) * (opening.level / 255)
            yield Arranged(plain.place, plain.objective, plain.theta + theta)
        elif opening is not None:
            assert arrange is not None
            yield arrange(opening)
