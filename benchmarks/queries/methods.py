"""The rows of the table: one line per method. A paper's own settings and tuned ones are two lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_PROMPT = "no-prompt"
GRADIENT = "gradient"
REFERENCES = (NO_PROMPT, GRADIENT)
"""Floor and ceiling of the recovered gain; both are always measured."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one row learns.

    Attributes:
        name: of ``[fit] method`` in a run file.
        options: of that method, as in ``[fit]``.
        prompt: ``[prompt]`` of a run file; the whole image, pixel by pixel, if left out.
        share: size of the template as a share of the image's side, where it has one.
        loss: as in ``[fit]``; answers of labels alone overrule it.
        anytime: whether the method goes on from a smaller budget to a larger one. Then it runs once, with a look at
            validation at each stop; else afresh for each budget, which it is told of.
        looks: at validation, of a method that runs afresh, if it takes them evenly spaced.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prompt: Mapping[str, Any] = field(default_factory=dict)
    share: float | None = None
    loss: str = "cross-entropy"
    anytime: bool = True
    looks: int = 1


DCT = {"parametrisation": "dct", "cells": 6}
BAR_FRAME = {"template": "padding", "blend": "over", "shrink": True}
"""The image shrunk inside a trainable frame."""
BAR_SHARE = 6 / 32
"""Of the side: at 32 pixels the image is shrunk to 20 inside a frame of 1,872 free values."""

METHODS: dict[str, Method] = {
    NO_PROMPT: Method(NO_PROMPT),
    GRADIENT: Method("gradient", {"optimiser": "adam", "step_size": 0.02, "batch_size": 16}, looks=10),
    "auto": Method("auto", anytime=False, looks=4),
    "auto, no student": Method("auto", {"student": "none"}),
    "spsa": Method("spsa"),
    "spsa-gc": Method("spsa-gc", {"a": 10.0}),
    "bar": Method("rgf", prompt=BAR_FRAME, share=BAR_SHARE, loss="focal"),
    "nes": Method("nes"),
    "cma-subspace": Method("cma-subspace"),
    "sep-cma-dct": Method("sep-cma", prompt=DCT),
    "nevergrad-tbpsa-dct": Method("nevergrad:TBPSA", prompt=DCT),
    "random-search": Method("random-search"),
    "antithetic": Method("antithetic"),
    "antithetic-dct": Method("antithetic", prompt=DCT),
}
