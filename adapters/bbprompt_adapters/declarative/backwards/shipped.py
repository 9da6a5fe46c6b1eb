"""The shipped adapters as dialects, by name, for entry points; see ``declarative.shipped``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bbprompt_adapters.declarative.backwards.dialect import Declarative
from bbprompt_adapters.declarative.backwards.opening import open_vendor
from bbprompt_adapters.declarative.files import vendor_names


def __getattr__(name: str) -> Callable[[Mapping[str, object]], Declarative]:
    vendor = name.replace("_", "-")
    if vendor not in vendor_names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return partial(open_vendor, vendor)
