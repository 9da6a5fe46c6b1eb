"""Learn one pixel prompt for a frozen image classifier, by queries alone or by gradients; leave with a PNG.

The names below are imported on first use: ``import bbprompt`` loads neither numpy nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bbprompt.data import load_source as load_source
    from bbprompt.data import split as split
    from bbprompt.estimators import make_estimator as make_estimator
    from bbprompt.fit import Selection as Selection
    from bbprompt.fit import fit_by_gradient as fit_by_gradient
    from bbprompt.fit import fit_by_query as fit_by_query
    from bbprompt.labelmaps import fit_label_map as fit_label_map
    from bbprompt.objective import Objective as Objective
    from bbprompt.oracle import Oracle as Oracle
    from bbprompt.overlay import Overlay as Overlay
    from bbprompt.overlay import read_overlay as read_overlay
    from bbprompt.overlay import write_overlay as write_overlay
    from bbprompt.prompt import PixelPrompt as PixelPrompt
    from bbprompt.registry import open_oracle as open_oracle
    from bbprompt.templates import make_template as make_template

_HOMES = {
    "Objective": "objective",
    "Oracle": "oracle",
    "Overlay": "overlay",
    "PixelPrompt": "prompt",
    "Selection": "fit",
    "fit_by_gradient": "fit",
    "fit_by_query": "fit",
    "fit_label_map": "labelmaps",
    "load_source": "data",
    "make_estimator": "estimators",
    "make_template": "templates",
    "open_oracle": "registry",
    "read_overlay": "overlay",
    "split": "data",
    "write_overlay": "overlay",
}

__all__ = [
    "Objective",
    "Oracle",
    "Overlay",
    "PixelPrompt",
    "Selection",
    "fit_by_gradient",
    "fit_by_query",
    "fit_label_map",
    "load_source",
    "make_estimator",
    "make_template",
    "open_oracle",
    "read_overlay",
    "split",
    "write_overlay",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'bbprompt' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bbprompt.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
