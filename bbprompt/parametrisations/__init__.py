"""Parametrisations: how theta becomes pixels. A new one is one file and one line in ``PARAMETRISATIONS``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeAlias

from bbprompt.arrays import Bool
from bbprompt.errors import ConfigError
from bbprompt.names import look_up
from bbprompt.parametrisations.base import Parametrisation
from bbprompt.parametrisations.bounded import Bounded
from bbprompt.parametrisations.coarse_grid import CoarseGrid
from bbprompt.parametrisations.dct import Dct
from bbprompt.parametrisations.identity import Identity

__all__ = ["PARAMETRISATIONS", "Parametrisation", "make_parametrisation"]

Kind: TypeAlias = type[Identity] | type[Bounded] | type[Dct] | type[CoarseGrid]

PARAMETRISATIONS: Mapping[str, Kind] = {
    "identity": Identity,
    "bounded": Bounded,
    "dct": Dct,
    "coarse-grid": CoarseGrid,
}


def make_parametrisation(
    name: str, *, mask: Bool, cells: int | None = None, bound_levels: float | None = None
) -> Parametrisation:
    """Build the parametrisation called ``name``. ``None`` stands for "not given".

    Args:
        name: a key of ``PARAMETRISATIONS``.
        mask: bool, shape (h, w): the template's.
        cells: frequencies, or cells, along each side; 6 if not given.
        bound_levels: the most that a pixel may change, in grey levels.

    Raises:
        ConfigError: an unknown name, an option that this one lacks or needs, or a value that does not fit.
    """
    kind = look_up("parametrisation", name, PARAMETRISATIONS)
    asked: dict[str, Any] = {"cells": cells, "bound_levels": bound_levels}
    options = {option: value for option, value in asked.items() if value is not None}
    _check_options(name, kind, options)
    return kind(mask=mask, **options)


def _check_options(name: str, kind: Kind, options: Iterable[str]) -> None:
    known = {field.name: field.default for field in fields(kind) if field.name != "mask"}
    for option in options:
        if option not in known:
            has = f"its options are: {', '.join(known)}" if known else "it has no options"
            raise ConfigError(f"parametrisation {name!r} has no option {option!r}; {has}")
    for option, default in known.items():
        if default is MISSING and option not in options:
            raise ConfigError(f"parametrisation {name!r} needs {option!r}; none was given")
