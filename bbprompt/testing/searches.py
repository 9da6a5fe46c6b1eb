"""Losses and loops that the checks of estimators share."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates, Estimator

SIZE = 20
"""d of every check: small enough to converge quickly, large enough that luck does not."""

Loss: TypeAlias = Callable[[Candidates], Float]
"""From m candidates to their losses, float64, shape (m,)."""


class Factory(Protocol):
    """Builds the estimator under test: its class, or ``functools.partial`` of it with options."""

    def __call__(self, theta: Float, /, *, rng: np.random.Generator) -> Estimator:
        """Return a new estimator at theta, float64, shape (d,), that draws from ``rng``."""


def new(factory: Factory, *, seed: int = 0) -> Estimator:
    """Build an estimator at the origin."""
    return factory(np.zeros(SIZE), rng=np.random.default_rng(seed))


def optimum() -> Float:
    """Return where the quadratic is 0: 20 grey levels from the origin in every coordinate, up or down."""
    return np.where(np.arange(SIZE) % 3 == 0, 1.0, -1.0) * 20 / 255


def distance(thetas: Float) -> Float:
    """Return |theta - optimum|^2 / 2 of each theta; infinity far away, without a warning."""
    with np.errstate(over="ignore"):
        return np.asarray(0.5 * ((thetas - optimum()) ** 2).sum(axis=-1))


def quadratic(candidates: Candidates) -> Float:
    """Return |theta - optimum|^2 / 2 of each candidate."""
    return distance(candidates.thetas)


def noisy_quadratic(*, bad: float) -> Loss:
    """Return the quadratic plus noise: much that a group shares, as images do, and a little of each candidate.

    Args:
        bad: share of losses that are NaN, inf or -inf instead.
    """
    rng = np.random.default_rng(5)

    def loss(candidates: Candidates) -> Float:
        groups, m = candidates.groups, len(candidates.groups)
        losses = quadratic(candidates) + rng.normal(0, 0.05, groups.max() + 1)[groups] + rng.normal(0, 1e-3, m)
        return np.where(rng.random(m) < bad, rng.choice([np.nan, np.inf, -np.inf], m), losses)

    return loss


def steps(estimator: Estimator, loss: Loss, count: int) -> Iterator[Candidates]:
    """Yield the candidates of ``count`` steps, each with copies made before its losses were told."""
    for _ in range(count):
        candidates = estimator.ask()
        yield Candidates(candidates.thetas.copy(), candidates.groups.copy())
        estimator.tell(loss(candidates))


def trajectory(factory: Factory, *, seed: int = 0, count: int = 5) -> list[Float]:
    """Return the candidates of the first steps on the quadratic."""
    return [candidates.thetas for candidates in steps(new(factory, seed=seed), quadratic, count)]


def spend(estimator: Estimator, loss: Loss, candidates: int) -> Float:
    """Ask and tell until ``candidates`` were scored; return ``best``."""
    while candidates > 0:
        asked = estimator.ask()
        estimator.tell(loss(asked))
        candidates -= len(asked.thetas)
    return estimator.best


def equal(first: list[Float], second: list[Float]) -> bool:
    """Whether two trajectories are the same, bit for bit."""
    return len(first) == len(second) and all(map(np.array_equal, first, second))


def same(first: Candidates, second: Candidates) -> bool:
    """Whether two sets of candidates are the same, bit for bit."""
    return np.array_equal(first.thetas, second.thetas) and np.array_equal(first.groups, second.groups)


def arrays_in(state: Any) -> Iterator[Any]:
    """Yield every array in a state."""
    if isinstance(state, np.ndarray):
        yield state
    elif isinstance(state, dict | list | tuple):
        for item in state.values() if isinstance(state, dict) else state:
            yield from arrays_in(item)


def through_files(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state as JSON and npz give it back.

    Raises:
        AssertionError: it holds something that neither can, or a whole number of more than 64 bits.
    """
    buffer = io.BytesIO()
    arrays = {str(i): array for i, array in enumerate(arrays_in(state))}
    np.savez(buffer, allow_pickle=False, **arrays)
    buffer.seek(0)
    text = json.dumps(_plain(state, iter(range(len(arrays))), "state"))
    with np.load(buffer, allow_pickle=False) as stored:
        restored: dict[str, Any] = json.loads(
            text, object_hook=lambda d: stored[str(d["array"])] if set(d) == {"array"} else d
        )
    return restored


def _plain(value: Any, numbers: Iterator[int], where: str) -> Any:
    if isinstance(value, np.ndarray):
        assert value.dtype != object, f"{where} is an array of objects, expected numbers"
        return {"array": next(numbers)}
    if isinstance(value, dict):
        assert all(type(key) is str for key in value), f"{where} has keys {list(value)}, expected strings"
        return {key: _plain(item, numbers, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, numbers, f"{where}[{i}]") for i, item in enumerate(value)]
    kinds = (str, int, float, bool, type(None))
    assert type(value) in kinds, f"{where} is a {type(value).__name__}, expected a JSON type or a numpy array"
    assert type(value) is not int or -(2**63) <= value < 2**63, f"{where} = {value} has more than 64 bits; use hex"
    return value
