"""Any optimiser of nevergrad by name: ``nevergrad:CMA``, ``nevergrad:TBPSA`` ...

Rapin & Teytaud 2018, "Nevergrad: A gradient-free optimization platform". It is good to some hundred dimensions. Its
recommendations are passed over: a chooser such as ``CMA`` may restart without a word and recommend its new beginning,
and ``TBPSA`` recommends its start for the first 4 d candidates; so the best point seen is kept here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.estimators.anchored import Anchored
from bbprompt.estimators.options import LEVEL, Count, Positive, checked
from bbprompt.estimators.peers import peer
from bbprompt.estimators.replay import Replayed, Search
from bbprompt.names import unknown

TRIED = ("CMA", "DiagonalCMA", "TBPSA")
"""Optimisers that the conformance suite runs."""

CRASHING = (
    "its kind crashes with numpy 2.4, and part of it draws from numpy's global generator, so that no run could be "
    "resumed"
)
REFUSED = {
    **dict.fromkeys(("NGO", "NgIoh", "NgDS", "MetaModel", "Shiwa", "Wiz"), CRASHING),
    "SPSA": "its steps vanish before it has moved; bbprompt's own is the method 'spsa'",
}
"""Why, by how a name begins."""

LARGEST = 1000


class Nevergrad(Replayed):
    """A step is what the optimiser takes in parallel, with the start beside it.

    Args:
        theta: start, shape (d,), d up to 1,000, in units of the full pixel range.
        rng: source of all randomness.
        name: of the optimiser in nevergrad's registry.
        workers: candidates per step; left out, 4 + floor(3 ln d), or one where the optimiser is sequential. CMA-ES
            variants take a whole generation where that is more.
        budget: candidates in all, for optimisers that plan ahead.
        sigma_levels: what nevergrad's unit, its first standard deviation, is worth, in grey levels.
        images_per_candidate: images that each candidate is scored on.
    """

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        name: str,
        workers: Count | None = None,
        budget: Count | None = None,
        sigma_levels: Positive = 8.0,
        images_per_candidate: Count = 16,
    ) -> None:
        self.name = name
        self.workers = workers
        self.budget = budget
        self.sigma = sigma_levels * LEVEL
        super().__init__(theta, rng=rng, images_per_candidate=images_per_candidate)

    def _begin(self) -> Search:
        size = self.theta.size
        if size > LARGEST:
            raise ConfigError(
                f"nevergrad got theta of {size} elements, expected at most {LARGEST}; "
                "use a parametrisation with fewer (dct, coarse-grid), or the method 'sep-cma'"
            )
        parallel = self.workers or 4 + int(3 * np.log(size))
        optimiser = _open(self.name, size=size, workers=parallel, budget=self.budget, seed=self.seed)
        return Anchored(self.theta, scale=self.sigma, optimiser=_Batches(self.name, optimiser))


class _Batches:
    """Asks as many candidates as the optimiser takes at once: for CMA-ES, exactly a generation."""

    def __init__(self, name: str, optimiser: Any) -> None:
        self.name = name
        self.optimiser = optimiser
        self.asked: list[Any] = []

    def ask(self) -> Float:
        with _named(self.name):
            first = self.optimiser.ask()
            strategy = self._strategy()
            count = self.optimiser.num_workers if strategy is None else strategy.popsize
            self.asked = [first, *(self.optimiser.ask() for _ in range(count - 1))]
        return np.stack([candidate.value for candidate in self.asked])

    def tell(self, losses: Float) -> None:
        strategy = self._strategy()
        before = strategy.countiter if strategy else -1
        with _named(self.name):
            for candidate, loss in zip(self.asked, losses, strict=True):
                self.optimiser.tell(candidate, float(loss))
        if strategy and strategy.countiter == before:
            raise ConfigError(
                f"nevergrad's {self.name!r} failed to take a generation and went on as if it had; "
                "use the method 'sep-cma' or 'cma-subspace'"
            )

    def _strategy(self) -> Any:
        """The CMA-ES inside, if there is one: nevergrad drops the errors of its ``tell``."""
        return getattr(getattr(self.optimiser, "optim", self.optimiser), "_es", None)


def _open(name: str, *, size: int, workers: int, budget: int | None, seed: int) -> Any:
    nevergrad = peer("nevergrad", method=f"nevergrad:{name}")
    kind = _find(name, nevergrad.optimizers.registry)
    space = nevergrad.p.Array(init=np.zeros(size))
    space.random_state = np.random.RandomState(seed)
    with _named(name):
        return kind(space, budget=budget, num_workers=1 if kind.no_parallelization else workers)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say whose errors these are: of its hundreds of optimisers some raise whatever their parts do."""
    try:
        yield
    except Exception as error:
        raise ConfigError(
            f"nevergrad's {name!r} failed with {type(error).__name__}: {error}; use one of: {', '.join(TRIED)}"
        ) from error


def _find(name: str, registry: Any) -> Any:
    if name not in registry:
        raise unknown("nevergrad optimiser", name, {*TRIED, *difflib.get_close_matches(name, registry, n=2)})
    kind = registry[name]
    for beginning, why in REFUSED.items():
        if name.startswith(beginning):
            raise ConfigError(f"nevergrad's {name!r} is refused: {why}; use one of: {', '.join(TRIED)}")
    if kind.recast or kind.one_shot:
        raise ConfigError(
            f"nevergrad's {name!r} is refused: it is sampled beforehand, or another package's; "
            f"use one of: {', '.join(TRIED)}, or a method 'scipy:NAME'"
        )
    return kind
