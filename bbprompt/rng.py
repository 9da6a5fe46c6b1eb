"""A generator's state as JSON types and numpy arrays, so that a checkpoint can hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bbprompt.errors import DataError


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return the generator's state; whole numbers in hexadecimal, as PCG64's have 128 bits and many readers 53."""
    state: dict[str, Any] = _map_leaves(rng.bit_generator.state, _to_hex)
    return state


def restore_generator(rng: np.random.Generator, state: dict[str, Any]) -> None:
    """Set ``rng``, in place, to ``generator_state()``.

    Raises:
        DataError: the state is of another kind of generator.
    """
    kind = type(rng.bit_generator).__name__
    if state.get("bit_generator") != kind:
        raise DataError(
            f"the state is of a {state.get('bit_generator')} generator, expected {kind}; "
            "resume with the kind of generator that the run was started with"
        )
    rng.bit_generator.state = _map_leaves(state, _from_hex)


def _map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _map_leaves(item, change) for key, item in value.items()}
    return change(value)


def _to_hex(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return hex(value) if isinstance(value, int) else value


def _from_hex(value: Any) -> Any:
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value
