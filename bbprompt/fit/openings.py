"""Where learning may begin: the image in a layout, or the image as it is under loud random signs.

A frozen classifier takes foreign images for a few of the things that it knows, and around such an image its loss is a
plane for one or two grey levels: probes at a radius that tells anything through 8 bits say next to nothing of the slope.
Under signs of 32 or more levels it is a plane as far as such probes reach (`benchmarks.queries slopes`), so that pairs
get somewhere; and some draws are better than none just as they are.

Signs that repeat every few pixels, a texture, are better as they stand than ones of each pixel's own. A convolution
answers a texture alike wherever the image is plain, so that it moves whole maps of features one way; others move them to
and fro, and the means that follow see little of it. But pairs get on from each pixel's own, and hardly from a texture. So
textures are for budgets that are too small for pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, cycle, islice, zip_longest
from typing import NamedTuple

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.pairs import rademacher
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import LAYOUTS, Arrange, Arranged, Layout
from bbprompt.prompt import PixelPrompt


class Signs(NamedTuple):
    """Random signs.

    Attributes:
        level: how loud, in grey levels.
        period: after how many pixels they repeat, down and across; ``None`` for each pixel's own.
    """

    level: int
    period: int | None = None


TEXTURES = (Signs(64, 4), Signs(64, 2), Signs(64, 8), Signs(96, 2), Signs(32, 4), Signs(32, 16))
"""A round of draws that comes again and again."""
MOST = 100
"""Openings of a field; no race has queries worth more."""

OWN = 6 * (Signs(64), Signs(32))
FEW_LAYOUTS, FEW_OWN = 4, 8
"""The first of each where pairs follow; the rest come by turns."""
FIRST_LAYOUTS = 2
"""These come before textures: they differ in what kinds of answers they suit."""


def openings(
    plain: Beginning, arrange: Arrange | None, *, signs: bool, pairs: bool, rng: np.random.Generator
) -> Iterator[Arranged]:
    """Yield openings in the order in which they are worth their queries.

    Args:
        plain: the image as it is.
        arrange: brings the task into a layout; ``None`` where it is not to be shown in any.
        signs: whether loud signs are among them.
        pairs: whether pairs are to go on from the best: then signs are each pixel's own, and else textures.
        rng: draws the signs.
    """
    layouts = LAYOUTS if arrange else ()
    field = _before_pairs(layouts, OWN if signs else ()) if pairs else _alone(layouts, TEXTURES if signs else ())
    for opening in field:
        if isinstance(opening, Signs):
            theta = plain.theta + draw(opening, plain.objective.prompt, rng)
            yield Arranged(plain.place, plain.objective, theta)
        else:
            assert arrange is not None
            yield arrange(opening)


def _alone(layouts: Sequence[Layout], textures: Sequence[Signs]) -> Iterator[Layout | Signs]:
    first, rest = layouts[:FIRST_LAYOUTS], layouts[FIRST_LAYOUTS:]
    return islice(chain(first, _by_turns(cycle(textures), rest)), MOST)


def _before_pairs(layouts: Sequence[Layout], own: Sequence[Signs]) -> Iterator[Layout | Signs]:
    return chain(layouts[:FEW_LAYOUTS], own[:FEW_OWN], _by_turns(layouts[FEW_LAYOUTS:], own[FEW_OWN:]))


def _by_turns(*kinds: Iterable[Layout | Signs]) -> Iterator[Layout | Signs]:
    for each in zip_longest(*kinds):
        yield from (opening for opening in each if opening is not None)


def draw(signs: Signs, prompt: PixelPrompt, rng: np.random.Generator) -> Float:
    """Draw one tile of ``signs`` and lay it over ``prompt``, whose theta is its pixels: shape (d,)."""
    height, width = prompt.template.mask.shape
    period = signs.period or max(height, width)
    tile = rademacher(rng, (period, period, 3)) * (signs.level / 255)
    field: Float = np.tile(tile, (-(-height // period), -(-width // period), 1))[:height, :width]
    return field[prompt.template.mask].ravel()
