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
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from bbprompt.arrays import Float, Int
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import Arranged
from bbprompt.fit.selection import FitMap, Look, Selection, Watch, unwatched
from bbprompt.objective import Objective
from bbprompt.oracle import Answer, Scores
from bbprompt.sampling import some_of_each

HEAT, EACH = 160, 4
"""Training images that an opening is scored on, if there are so many, and how many of each class at least."""

SHARE, SHARE_BEFORE_PAIRS = 0.75, 0.25
"""Of the queries that are left, at most, unless they are too few for the first openings: alone, and before pairs."""

PAIRS = 2.5
"""Queries for each value of the prompt, from which on pairs are worth the larger share."""

FIRST = 12
"""Openings that are worth all of a small budget."""

LOOKS = 3
"""Of validation, at openings; at most a sixth of the queries."""

PARTIAL = frozenset({Answer.TOP_K, Answer.TAGS, Answer.LABEL})
"""Answers that leave labels out. What layout suits them differs more from one oracle to the next than with all scores."""


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
    runners = list[_Runner]()
    for opening in islice(openings, count):
        runners.append(_Runner.start(opening, heat, fit_map))
        asked += len(heat)
        watch(asked, selection.accuracy)
    to_beat = _losses(plain, seen, selection)
    judged = [_Judged(plain, seen, lead=0.0)]
    for runner in _finalists(runners, looks):
        begun = runner.go_on(heat, everything, fit_map)
        asked += len(targets) - len(heat)
        look = selection.see(
            begun.place, begun.theta, begun.maps, step=0, queries=asked, loss=begun.loss, veto=True
        )
        asked += selection.cost
        judged.append(_Judged(begun, look, lead(_losses(begun, look, selection), over=to_beat)))
    best = max(judged, key=lambda one: one.lead)
    ground = max((one for one in judged if one.begun.place.layout is None), key=lambda one: one.lead)
    selection.best = best.look
    return Placed(best.begun, ground.begun, asked)


def with_one_look(
    plain: Beginning,
    openings: Iterable[Arranged],
    selection: Selection,
    *,
    fit_map: FitMap,
    queries: int,
    rng: np.random.Generator,
) -> int:
    """Let training images choose between ``plain`` and the first opening, or two, and look at what they chose.

    Of ``PARTIAL`` answers, a third of what ``queries`` allow beside the look goes to each of two openings, and the last
    to the better one, unless a third is too few images for maps that tell the two apart, of each class or for so many
    labels. Else the first opening has all.

    Returns:
        Images scored so far, the look included.
    """
    targets, spare = plain.objective.targets, queries - plain.asked - selection.cost
    third, enough = spare // 3, max(EACH * len(np.unique(targets)), plain.answers.values.shape[1])
    heat, contenders = (third, 2) if third >= enough and plain.answers.answer in PARTIAL else (spare, 1)
    rows = np.sort(some_of_each(targets, spare - (contenders - 1) * heat, rng))
    first = np.sort(rows[some_of_each(targets[rows], heat, rng)])
    runners = [_Runner.start(opening, first, fit_map) for opening in islice(openings, contenders)]
    begun = min(runners, key=lambda runner: runner.begun.loss).go_on(first, rows, fit_map)
    asked = plain.asked + (len(runners) - 1) * len(first) + len(rows)
    better = begun if begun.loss < plain.losses[rows].mean() else plain
    selection.look(better.theta, better.maps, step=0, queries=asked, loss=better.loss, place=better.place)
    return asked + selection.cost


def only_one_look(left: int, targets: Int, *, look: int) -> bool:
    """Whether ``left`` queries are enough for an opening and a look, and not for all training images and another look."""
    return heat_size(targets) + look <= left < len(targets) + 2 * look


def heat_size(targets: Int) -> int:
    """Training images that an opening is scored on: a map needs some of each class."""
    return min(len(targets), max(HEAT, EACH * len(np.unique(targets))))


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
    """By how much ``losses`` (n,) are lower on average than ``over``'s of the same images, less one standard error."""
    lower = over - losses
    return float(lower.mean() - lower.std() / np.sqrt(len(lower)))


@dataclass(frozen=True, slots=True)
class _Runner:
    """An opening and what is known of it after its heat."""

    opening: Arranged
    begun: Beginning

    @classmethod
    def start(cls, opening: Arranged, heat: Int, fit_map: FitMap) -> _Runner:
        objective = opening.objective.of(heat)
        maps = fit_map(_score(objective, opening.theta), objective.targets)
        return cls(opening, Beginning(objective, opening.theta, maps, opening.place, asked=0))

    def go_on(self, heat: Int, rows: Int, fit_map: FitMap) -> Beginning:
        """Score those of ``rows``, rising, that were not in the heat, too."""
        rest = np.setdiff1d(rows, heat)
        if not rest.size:
            return self.begun
        objective = self.opening.objective.of(rows)
        more = _score(self.opening.objective.of(rest), self.opening.theta)
        values = np.concatenate([self.begun.answers.values, more.values])
        scores = Scores(values[np.argsort(np.concatenate([heat, rest]))], more.answer)
        return replace(self.begun, objective=objective, maps=fit_map(scores, objective.targets))


class _Judged(NamedTuple):
    begun: Beginning
    look: Look
    lead: float


def _finalists(runners: list[_Runner], looks: int) -> list[_Runner]:
    """The best ``looks``; where there is more than one, the last place is for one that pairs can go on from."""
    ranked = sorted(runners, key=lambda runner: runner.begun.loss)
    final, rest = ranked[:looks], ranked[looks:]
    loud = next((runner for runner in rest if runner.begun.place.layout is None), None)
    if looks > 1 and loud and all(runner.begun.place.layout for runner in final):
        final[-1] = loud
    return final


def _score(objective: Objective, theta: Float) -> Scores:
    return objective.oracle.query(objective.prompt.apply(objective.images, theta))


def _losses(begun: Beginning, look: Look, selection: Selection) -> Float:
    """Of training and validation images alike."""
    return np.concatenate([begun.losses, begun.objective.loss(look.class_scores, selection.targets)])
