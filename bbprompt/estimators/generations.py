"""A strategy of the package ``cmaes``, a generation at a time, with a state that is exact.

Pickling such a strategy drops its generator. Here that is seeded anew from ours before each generation, so there is
nothing in it to lose; everything else that the strategy holds is numbers and arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.options import asked, told
from bbprompt.estimators.state import restore, snapshot


class Generations:
    """Asks and tells whole generations.

    Args:
        strategy: a new ``cmaes.SepCMA`` of n dimensions.
        rng: source of all randomness.
    """

    _STATE = ("points", "rng")

    def __init__(self, strategy: Any, rng: np.random.Generator) -> None:
        self.strategy = strategy
        self.rng = rng
        self.points: Float | None = None

    @property
    def mean(self) -> Float:
        """The mean of the distribution, shape (n,)."""
        return np.array(self.strategy.mean)

    def ask(self) -> Float:
        """Return the generation that waits for its losses, or draw the next: shape (population, n)."""
        if self.points is None:
            self.strategy.reseed_rng(int(self.rng.integers(2**32)))
            self.points = np.stack([self.strategy.ask() for _ in range(self.strategy.population_size)])
        return self.points

    def tell(self, losses: Float) -> None:
        """Update the distribution; what is not finite ranks worst, and a generation of nothing else says nothing."""
        points = asked(self.points)
        losses = told(losses, len(points))
        self.points = None
        said = np.isfinite(losses)
        if said.any():
            self.strategy.tell(list(zip(points, np.where(said, losses, np.inf), strict=True)))

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        held = {name: _plain(value) for name, value in vars(self.strategy).items() if not _is_generator(value)}
        return {**snapshot(self, self._STATE), "strategy": held}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, {name: value for name, value in state.items() if name != "strategy"})
        vars(self.strategy).update({name: _plain(value) for name, value in state["strategy"].items()})


def _is_generator(value: object) -> bool:
    return isinstance(value, np.random.RandomState)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return value.item() if isinstance(value, np.generic) else value
