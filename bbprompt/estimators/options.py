"""What every estimator checks at its edge: the start, the options, the losses."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError, UsageError
from bbprompt.names import unknown

P = ParamSpec("P")
T = TypeVar("T")

LEVEL = 1 / 255
"""One grey level, in the unit of theta (the full pixel range)."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Population: TypeAlias = Annotated[int, msgspec.Meta(ge=4)]
"""Half of a generation is recombined, which takes two."""
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
NonNegative: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Share: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1)]
Decay: TypeAlias = Annotated[float, msgspec.Meta(ge=0, lt=1)]


def checked(init: Callable[P, None]) -> Callable[P, None]:
    """Hold the keyword options of an estimator's ``__init__`` to the types and ranges of its signature.

    Raises:
        ConfigError: an option is of another type or out of range.
    """

    @functools.wraps(init)
    def wrapper(*args: P.args, **options: P.kwargs) -> None:
        hints = option_types(init)
        for name, value in options.items():
            if name in hints:
                _check(name, value, hints[name])
        init(*args, **options)

    return wrapper


def option_types(build: Callable[..., object]) -> dict[str, Any]:
    """Read the options that ``build`` (a class or its ``__init__``) takes beside ``rng``, and their types."""
    keywords = [
        p.name for p in inspect.signature(build).parameters.values() if p.kind is p.KEYWORD_ONLY and p.name != "rng"
    ]
    function = cast(Any, build).__init__ if isinstance(build, type) else build
    hints = get_type_hints(function, include_extras=True)
    return {name: hints.get(name, Any) for name in keywords}


def check_names(what: str, options: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Refuse an option that is not known.

    Raises:
        ConfigError: names the nearest known one.
    """
    for name in options:
        if name not in known:
            raise unknown(f"option of {what}", name, known)


def starting_point(theta: Float) -> Float:
    """Copy theta as float64, shape (d,).

    Raises:
        UsageError: not a vector of finite numbers.
    """
    start = np.array(theta, dtype=np.float64)
    if start.ndim != 1 or start.size == 0 or not np.isfinite(start).all():
        raise UsageError(
            f"theta must be a vector of finite numbers, got shape {start.shape} with "
            f"{np.count_nonzero(~np.isfinite(start))} that are not finite; start from np.zeros(d)"
        )
    return start


def asked(directions: T | None) -> T:
    """Return the directions of the candidates that wait for their losses.

    Raises:
        UsageError: none do.
    """
    if directions is None:
        raise UsageError("tell was called, but nothing was asked; call ask first")
    return directions


def told(losses: Float, candidates: int) -> Float:
    """Return the losses as float64, shape (candidates,).

    Raises:
        UsageError: there is not one for each candidate.
    """
    losses = np.asarray(losses, dtype=np.float64)
    if losses.shape != (candidates,):
        raise UsageError(
            f"tell got losses of shape {losses.shape}, expected ({candidates},): "
            "one mean loss per candidate, in the order asked"
        )
    return losses


def _check(name: str, value: object, kind: Any) -> None:
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise unknown(name, str(value), get_args(kind))
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name} = {value!r}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if isinstance(value, float) and not np.isfinite(value):
        raise ConfigError(f"{name} = {value!r}: expected a finite number")
