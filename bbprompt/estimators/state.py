"""What an estimator carries from one step to the next, as JSON types and numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from bbprompt.errors import DataError
from bbprompt.rng import generator_state, restore_generator


def snapshot(owner: object, names: Iterable[str]) -> dict[str, Any]:
    """Copy the named attributes of ``owner``: plain values, numpy arrays, generators, and parts with a state."""
    return {name: _freeze(getattr(owner, name)) for name in names}


def restore(owner: object, names: Iterable[str], state: dict[str, Any]) -> None:
    """Set the named attributes of ``owner`` from ``snapshot``. A generator is set in place, so sharers follow.

    Raises:
        DataError: ``state`` belongs to another kind of estimator, to theta of another size or to another generator.
    """
    names = tuple(names)
    if set(names) != set(state):
        raise DataError(
            f"the state holds {sorted(state)}, but {type(owner).__name__} expected {sorted(names)}; "
            "resume with the method that the run was started with"
        )
    theta = getattr(owner, "theta", None)
    if theta is not None and np.shape(state["theta"]) != theta.shape:
        raise DataError(
            f"the state holds theta of shape {np.shape(state['theta'])}, expected {theta.shape}; "
            "resume with the template and the parametrisation that the run was started with"
        )
    for name in names:
        _restore_one(owner, name, state[name])


def _restore_one(owner: object, name: str, frozen: Any) -> None:
    part = getattr(owner, name)
    if isinstance(part, np.random.Generator):
        restore_generator(part, frozen)
    elif hasattr(part, "load_state_dict"):
        part.load_state_dict(frozen)
    else:
        setattr(owner, name, _freeze(frozen))


def _freeze(value: Any) -> Any:
    if hasattr(value, "state_dict"):
        return value.state_dict()
    if isinstance(value, np.random.Generator):
        return generator_state(value)
    return value.copy() if isinstance(value, np.ndarray) else value
