"""Find out where to begin: a race of openings, a few images each, the best of them looked at under validation.

How large an image is shown, and on what ground, is AutoVP's first parameter (Tsao et al. 2023, arXiv 2310.08381, section
3), there learned by gradients. Here each opening is scored on one heat of training images, and a map is fitted to the
answers; what an opening is worth, images say that its map has not seen: the heat's, each through the map that was fitted
without it, and for those that do best so, all training images and validation's. They decide together, as an opening is
one of a few dozen and fits no noise, so that training images are as good a judge. But the best of several has been lucky,
too, so that the image as it is stays unless an opening is better by more than one standard error (Breiman et al. 1984,
"Classification and Regression Trees", section 3.4.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from bbprompt.arrays import Float, Int
from bbprompt.errors import BudgetExhausted
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import Arranged
from bbprompt.fit.runner import Runner, heat_size
from bbprompt.fit.selection import FitMap, Look, Selection, Watch, unwatched
from bbprompt.sampling import some_of_each

SHARE, SHARE_BEFORE_PAIRS = 0.75, 0.25
"""Of the queries that are left, at most, unless they are too few for the first openings: alone, and before pairs."""

PAIRS = 2.5
"""Queries for each value of the prompt, from which on pairs are worth the larger share."""

FIRST = 12
"""Openings that are worth all of a small budget."""

LOOKS = 3
"""Of validation, at openings; at most a sixth of the queries."""

ERRORS = 1.0
"""Standard errors that a lead is worth more than."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What a race has found.

    Attributes:
        best: of all, the image as it is included.
        ground: the best that is in no layout. Pixels hardly move on from a layout: steps that are mostly noise lose
            again what it has won.
        asked: images scored so far, looks included.
    """

    best: Beginning
    ground: Beginning
    asked: int


def race(
    plain: Beginning,
    seen: Look,
    selection: Selection,
    openings: Iterable[Arranged],
    *,
    fit_map: FitMap,
    queries: int,
    pairs: bool,
    rng: np.random.Generator,
    watch: Watch = unwatched,
) -> Placed:
    """Score as many openings as are ``affordable``; keep the best, if its ``lead`` over ``plain`` is one.

    Args:
        plain: the image as it is.
        seen: what validation said of it.
        queries: images that may be scored, looks included.
        pairs: whether most of them are for pairs.
        rng: draws the heat.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    targets, asked = plain.objective.targets, plain.asked
    everything = np.arange(len(targets))
    count, looks = affordable(queries - asked, targets, look=selection.cost, pairs=pairs)
    heat = np.sort(some_of_each(targets, heat_size(targets), rng))
    runners = list[Runner]()
    selection.hold(*looks * (len(targets) - len(heat), selection.cost))
    with suppress(BudgetExhausted):  # fewer openings, then: the best of those that were paid for is still looked at
        for opening in islice(openings, count):
            runners.append(Runner.start(opening, heat, fit_map))
            asked += len(heat)
            watch(asked, selection.accuracy)
    to_beat = _losses(plain, seen, selection)
    judged = [_Judged(plain, seen, lead=0.0)]
    for runner in _finalists(runners, looks):
        try:
            begun = runner.go_on(everything, fit_map, selection.oracle)
            asked += len(targets) - len(heat)
            look = selection.see(
                begun.place, begun.theta, begun.maps, step=0, queries=asked, loss=begun.loss, veto=True
            )
        except BudgetExhausted:
            break
        asked += selection.cost
        judged.append(_Judged(begun, look, lead(_losses(begun, look, selection), over=to_beat)))
    best = max(judged, key=lambda one: one.lead)
    ground = max((one for one in judged if one.begun.place.layout is None), key=lambda one: one.lead)
    selection.best = best.look
    return Placed(best.begun, ground.begun, asked)


def for_pairs(left: int, size: int) -> bool:
    """Whether ``left`` queries are better spent on pairs than on more openings, where theta has ``size`` values."""
    return left >= PAIRS * size


def affordable(left: int, targets: Int, *, look: int, pairs: bool) -> tuple[int, int]:
    """Return how many openings ``left`` queries allow, and how many looks at the best of them.

    Args:
        left: queries.
        targets: of the training images, shape (n,).
        look: queries that a look costs.
        pairs: whether most of the queries are for pairs.
    """
    heat = heat_size(targets)
    looks = max(1, min(LOOKS, left // (6 * look)))
    finals = looks * (len(targets) - heat + look)
    ours, most = int((SHARE_BEFORE_PAIRS if pairs else SHARE) * left), (left - finals) // heat
    return max(0, (ours - finals) // heat, min(FIRST, most)), looks


def lead(losses: Float, *, over: Float) -> float:
    """By how much ``losses`` (n,) are lower on average than ``over``'s of the same images, less its ``ERRORS``."""
    lower = over - losses
    return float(lower.mean() - ERRORS * lower.std() / np.sqrt(len(lower)))


class _Judged(NamedTuple):
    begun: Beginning
    look: Look
    lead: float


def _finalists(runners: list[Runner], looks: int) -> list[Runner]:
    """The best ``looks``; where there is more than one, the last place is for one that pairs can go on from."""
    ranked = sorted(runners, key=lambda runner: runner.begun.loss)
    final, rest = ranked[:looks], ranked[looks:]
    loud = next((runner for runner in rest if runner.begun.place.layout is None), None)
    if looks > 1 and loud and all(runner.begun.place.layout for runner in final):
        final[-1] = loud
    return final


def _losses(begun: Beginning, look: Look, selection: Selection) -> Float:
    """Of training and validation images alike."""
    return np.concatenate([begun.losses, begun.objective.loss(look.class_scores, selection.targets)])
