"""The one place that imports the HTTP client: httpx2 where it is installed, else httpx. Their API is the same.

Everything else writes ``from bbprompt.http_library import httpx``; only the proxy asks its upstream by aiohttp.
``BBPROMPT_HTTP=httpx`` (or ``httpx2``) in the environment chooses by name.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bbprompt.errors import ConfigError
from bbprompt.names import unknown

LIBRARIES = ("httpx2", "httpx")
CHOICE = "BBPROMPT_HTTP"


def choose() -> str:
    """Return the name of the library to use.

    Raises:
        ConfigError: the environment names one that is unknown or not installed.
    """
    wanted = os.environ.get(CHOICE)
    if not wanted:
        return next(name for name in LIBRARIES if find_spec(name))
    if wanted not in LIBRARIES:
        raise unknown(f"HTTP library in {CHOICE}:", wanted, LIBRARIES)
    if not find_spec(wanted):
        raise ConfigError(f"{CHOICE}={wanted}, which is not installed; install it with: pip install {wanted}")
    return wanted


if TYPE_CHECKING:
    import httpx
else:
    httpx = importlib.import_module(choose())

__all__ = ["httpx"]
