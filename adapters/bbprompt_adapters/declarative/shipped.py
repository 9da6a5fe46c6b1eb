"""The shipped adapters, by name, for entry points: ``shipped:google_vision`` opens ``vendors/google-vision.toml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bbprompt_adapters.declarative.files import vendor_names
from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.declarative.oracle import DeclarativeOracle

Opener = Callable[[Mapping[str, object]], DeclarativeOracle]


def __getattr__(name: str) -> Opener:
    vendor = name.replace("_", "-")
    if vendor not in vendor_names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return partial(open_vendor, vendor)
