"""All k outputs of an answer rather than the loss alone: a linear model of the outputs in theta, as control variate.

    z_i(theta + delta) ~ z_i(theta) + J_c delta    for images of class c
    g = mean over pairs of (s_p - s^_p) u_p + mean over images of r_i' J_c,    r_i = dL/dz_i

The mean slope of the loss through the model needs no probes; pairs add what the model does not tell, s^_p being the
slope along u_p that it foretold (control variates: Owen 2013, "Monte Carlo theory, methods and examples", section 8.9).
Its bias is that of r_i, taken where image i was last scored, a few steps ago. J is learned from the same pairs, all of
them: that of a class is drawn to that of all classes, and that to zero, by as much as d pairs would weigh.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from bbprompt.arrays import Float, Int
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.options import asked
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.selection import Fit
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

NUDGE = 1e-3
"""Of a log-score, for slopes of the loss in the outputs."""


class ByOutputs(AntitheticPairs):
    """``AntitheticPairs`` that is shown the answers, too; see ``Telling``."""

    _STATE = (*AntitheticPairs._STATE, "sums", "pairs_of", "latest", "foretold", "modelled")

    def __init__(self, theta: Float, *, rng: np.random.Generator, **options: Any) -> None:
        super().__init__(theta, rng=rng, **options)
        self.sums: Float | None = None
        self.pairs_of: Float | None = None
        self.latest: Float | None = None
        self.foretold = np.zeros(self.pairs)
        self.modelled = np.zeros(theta.size)

    def see(self, objective: Objective, scores: Scores, rows: Int, maps: CrossFit) -> None:
        """Foretell the slopes of the pairs just scored, and learn from their outputs."""
        directions, pairs, targets = asked(self.directions), rows[0::2, 0], objective.targets
        logs = np.asarray(scores.log())
        middle, moved = (logs[0::2] + logs[1::2]) / 2, (logs[0::2] - logs[1::2]) / (2 * self.radius)
        if self.sums is None or self.pairs_of is None or self.latest is None:
            classes = int(targets.max()) + 1
            self.sums = np.zeros((classes, logs.shape[1], self.theta.size))
            self.pairs_of = np.zeros(classes)
            self.latest = np.asarray(maps.scores.log()).copy()
        jacobians = self._jacobians(self.sums, self.pairs_of)
        foretold = np.einsum("pkd,pd->pk", jacobians[targets[pairs]], directions)
        self.foretold = _slope_along(objective, maps, middle, foretold, pairs)
        self.latest[pairs] = middle
        slopes = _slopes(objective, maps, self.latest)
        self.modelled = np.zeros(self.theta.size)
        for label, jacobian in enumerate(jacobians):
            self.modelled += slopes[targets == label].sum(axis=0) @ jacobian / len(targets)
        for label, change, direction in zip(targets[pairs], moved, directions, strict=True):
            self.sums[label] += np.outer(change, direction)
            self.pairs_of[label] += 1

    def tell(self, losses: Float) -> None:
        """Take one step of Adam along what the model tells and what it does not."""
        directions, difference, radius = self._take(losses)
        slopes = difference / (2 * radius)
        said = np.isfinite(slopes)
        unit = np.sqrt(np.mean(slopes[said] ** 2)) if said.any() else 0.0
        if unit:
            beside = (slopes - self.foretold)[said] @ directions[said] / said.sum()
            self._move(self.adam.step((beside + self.modelled) / unit))

    def _jacobians(self, sums: Float, pairs: Float) -> Float:
        """Of each class, shape (classes, k, d)."""
        d = self.theta.size
        of_all = sums.sum(axis=0) / (pairs.sum() + d)
        return np.asarray((sums + d * of_all) / (pairs + d)[:, None, None])


@dataclass(frozen=True, slots=True)
class Telling(Objective):
    """An objective that shows its estimator the answers before their losses."""

    estimator: ByOutputs

    def losses(self, scores: Scores, rows: Int, maps: CrossFit) -> Float:
        self.estimator.see(self, scores, rows, maps)
        return Objective.losses(self, scores, rows, maps)


def telling(objective: Objective, estimator: ByOutputs) -> Telling:
    """``objective``, showing ``estimator`` the answers."""
    return Telling(
        **{field.name: getattr(objective, field.name) for field in fields(Objective)}, estimator=estimator
    )


def fit_by_outputs(objective: Objective, estimator: ByOutputs, *told: Any, **more: Any) -> Fit:
    """``fit_by_query`` that shows ``estimator`` the answers."""
    return fit_by_query(telling(objective, estimator), estimator, *told, **more)


def _losses(objective: Objective, maps: CrossFit, logs: Float, rows: Int) -> Float:
    return np.asarray(objective.loss(maps(logs, rows), objective.targets[rows]), dtype=np.float64)


def _slope_along(objective: Objective, maps: CrossFit, logs: Float, along: Float, rows: Int) -> Float:
    """Derivative of each image's loss as its log-scores (m, k) move along ``along``: shape (m,)."""
    ahead, behind = (_losses(objective, maps, logs + step * along, rows) for step in (NUDGE, -NUDGE))
    return (ahead - behind) / (2 * NUDGE)


def _slopes(objective: Objective, maps: CrossFit, logs: Float) -> Float:
    """Derivative of each image's loss in its log-scores: shape (n, k)."""
    n, k = logs.shape
    axes, rows = np.tile(np.eye(k), (n, 1)), np.repeat(np.arange(n), k)
    return _slope_along(objective, maps, np.repeat(logs, k, axis=0), axes, rows).reshape(n, k)
