"""Packages that only the compared methods need come with the extra ``peers``."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from bbprompt.errors import ConfigError


def peer(package: str, *, method: str) -> ModuleType:
    """Import ``package`` for the estimator called ``method``.

    Raises:
        ConfigError: it is not installed; the message says how to.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the method {method!r} needs the package {error.name!r}, which is not installed; "
            "install it with: pip install 'bbprompt[peers]'"
        ) from error
