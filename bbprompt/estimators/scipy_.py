"""SciPy's derivative-free minimisers by name, where there are few dimensions: ``scipy:cobyla`` ...

- nelder-mead: Nelder & Mead 1965, "A Simplex Method for Function Minimization"; Gao & Han 2012's adaptive parameters.
- cobyla: Powell 1994, "A Direct Search Optimization Method That Models the Objective and Constraint Functions by
  Linear Interpolation".

Each searches in random orthogonal axes of its own, as the elements of theta are no better directions than others. One
that ends, because it moves by less than an 8-bit oracle sees, begins again at the best point seen, in new axes.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.stats import ortho_group

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.estimators.anchored import Anchored
from bbprompt.estimators.options import LEVEL, Count, Positive, checked
from bbprompt.estimators.replay import Replayed, Search
from bbprompt.names import look_up

Loss: TypeAlias = Callable[[Float], float]

LARGEST = 200

LONG = 1_000_000
"""More evaluations than any budget: a minimiser ends by its tolerance."""


class SciPy(Replayed):
    """One candidate per step, with the start beside it.

    Args:
        theta: start, shape (d,), d from 2 to 200, in units of the full pixel range.
        rng: source of all randomness.
        name: a key of ``MINIMISERS``.
        step_levels: size of the first steps along each axis, in grey levels.
        images_per_candidate: images that each candidate is scored on.
    """

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        name: str,
        step_levels: Positive = 16.0,
        images_per_candidate: Count = 16,
    ) -> None:
        self.minimise = look_up("scipy minimiser", name, MINIMISERS)
        self.name = name
        self.step_levels = step_levels
        super().__init__(theta, rng=rng, images_per_candidate=images_per_candidate)

    def _begin(self) -> Search:
        size = self.theta.size
        if not 2 <= size <= LARGEST:
            raise ConfigError(
                f"scipy:{self.name} got theta of {size} elements, expected 2 to {LARGEST}; "
                "use a parametrisation of that size (dct, coarse-grid), or the method 'sep-cma'"
            )
        once = partial(self.minimise, size=size, smallest=0.5 / self.step_levels)
        minimiser = _Minimiser(partial(_minimise_forever, once, size, self.seed))
        return Anchored(self.theta, scale=self.step_levels * LEVEL, optimiser=minimiser)


class _Minimiser:
    """Turns a function that calls the loss into one that is asked and told: it runs in a thread, one call at a time.

    Args:
        minimise: called with the loss, in the thread.
    """

    def __init__(self, minimise: Callable[[Loss], object]) -> None:
        self.points: SimpleQueue[Float | Exception] = SimpleQueue()
        self.losses: SimpleQueue[float | None] = SimpleQueue()
        threading.Thread(target=_serve, args=(minimise, self.points, self.losses), daemon=True).start()
        weakref.finalize(self, self.losses.put, None)

    def ask(self) -> Float:
        point = self.points.get()
        if isinstance(point, Exception):
            raise point
        return point[None]

    def tell(self, losses: Float) -> None:
        self.losses.put(float(losses[0]))


class _Abandoned(Exception):
    """Nobody waits for the minimiser's next point."""


def _serve(
    minimise: Callable[[Loss], object], points: SimpleQueue[Float | Exception], losses: SimpleQueue[float | None]
) -> None:
    def loss(point: Float) -> float:
        points.put(point.copy())
        answer = losses.get()
        if answer is None:
            raise _Abandoned
        return answer

    try:
        minimise(loss)
    except _Abandoned:
        pass
    except Exception as error:
        points.put(error)


def _minimise_forever(minimise: Callable[[Loss], Float], size: int, seed: int, loss: Loss) -> None:
    rng = np.random.default_rng(seed)
    base = np.zeros(size)
    while True:
        axes = ortho_group.rvs(size, random_state=rng)
        base = base + minimise(partial(_along, loss, base, axes)) @ axes


def _along(loss: Loss, base: Float, axes: Float, steps: Float) -> float:
    return loss(base + steps @ axes)


def _nelder_mead(loss: Loss, *, size: int, smallest: float) -> Float:
    simplex = np.vstack([np.zeros(size), np.eye(size)])
    tolerances = {"xatol": smallest, "fatol": np.inf, "maxiter": np.inf, "maxfev": np.inf}
    options: Any = {"initial_simplex": simplex, "adaptive": True, **tolerances}
    return np.asarray(minimize(loss, np.zeros(size), method="nelder-mead", options=options).x)


def _cobyla(loss: Loss, *, size: int, smallest: float) -> Float:
    options: Any = {"rhobeg": 1.0, "tol": smallest, "maxiter": LONG}
    return np.asarray(minimize(loss, np.zeros(size), method="cobyla", options=options).x)


MINIMISERS: Mapping[str, Callable[..., Float]] = {"nelder-mead": _nelder_mead, "cobyla": _cobyla}
"""Each minimises ``loss`` from 0 with first steps of length 1, down to steps of ``smallest``: half a grey level."""
