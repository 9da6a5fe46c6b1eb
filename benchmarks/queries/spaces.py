"""What a peer may be tuned over, and the trials drawn from it: as many for each peer, from one committed seed.

The first trial of each is its row as it stands, its paper's settings, so that tuning can only help. A step of a guided
search takes a gradient of its student, seconds of a processor: theirs are few and large.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from benchmarks.queries.method import Method
from benchmarks.queries.methods import AS_PUBLISHED
from benchmarks.queries.prompts import BAR_FRAME, BAR_SHARE, COARSE, DCT, VP_FRAME, VP_SHARE

TRIALS = 8
SEED = 20_260

Space: TypeAlias = Mapping[str, tuple[Any, ...]]
"""Choices by option; of the key ``prompt`` names of ``PROMPTS``."""

PROMPTS: dict[str, tuple[Mapping[str, Any], float | None]] = {
    "pixels": ({}, None),
    "dct-3": ({**DCT, "cells": 3}, None),
    "dct-6": (DCT, None),
    "coarse-2": (COARSE, None),
    "coarse-3": ({**COARSE, "cells": 3}, None),
    "vp-frame": (VP_FRAME, VP_SHARE),
    "bar-frame": (BAR_FRAME, BAR_SHARE),
    "bar-frame, narrow": (BAR_FRAME, BAR_SHARE / 2),
}

_SMALL: Space = {
    "sigma_levels": (2.0, 4.0, 8.0, 16.0, 32.0),
    "images_per_candidate": (4, 16, 64),
    "prompt": ("dct-3", "dct-6"),
}
_DIRECT: Space = {
    "step_levels": (8.0, 16.0, 32.0, 64.0),
    "images_per_candidate": (16, 64, 160),
    "prompt": ("coarse-2", "coarse-3", "dct-3"),
}
_PAIRS: Space = {
    "pairs": (4, 8, 16),
    "radius_levels": (2.0, 4.0, 8.0, 16.0),
    "step_levels": (0.5, 1.0, 2.0, 4.0),
    "images_per_candidate": (1, 2, 4),
    "average": (0.0, 0.9, 0.97),
}

_IMITATION: Space = {"lesson_passes": (5, 20, 60), "passes": (1_000, 4_000, 16_000)}

SPACES: dict[str, Space] = {
    "spsa": {
        "pairs": (1, 4),
        "first_step_levels": (0.5, 1.0, 2.0, 4.0),
        "c_levels": (2.0, 4.0, 8.0, 16.0),
        "alpha": (0.4, 0.602),
        "images_per_candidate": (1, 4, 16),
        "prompt": ("pixels", "dct-6"),
    },
    "spsa-gc": {
        "a": (0.001, 0.01, 0.1, 1.0, 10.0),
        "c_levels": (1.275, 2.55, 8.0),
        "beta": (0.3, 0.9),
        "pairs": (1, 5),
        "images_per_candidate": (4, 16, 128),
        "prompt": ("pixels", "dct-6", "vp-frame"),
    },
    "bar": {
        "directions": (5, 10, 25),
        "beta": (None,),
        "radius_levels": (1.0, 4.0, 16.0),
        "step_size": (0.005, 0.05, 0.5),
        "images_per_candidate": (4, 16, 128),
        "prompt": ("bar-frame", "bar-frame, narrow"),
    },
    "nes": {
        "pairs": (5, 10, 25),
        "sigma_levels": (2.0, 4.0, 8.0, 16.0),
        "step_levels": (0.5, 1.0, 2.0, 4.0),
        "images_per_candidate": (1, 4, 16),
        "prompt": ("pixels", "dct-6"),
    },
    "cma-subspace": {
        "dimensions": (100, 500),
        "population": (20, 40),
        "sigma_levels": (2.0, 4.0, 8.0, 16.0),
        "images_per_candidate": (4, 16, 64),
    },
    "sep-cma-dct": _SMALL,
    "vkd-cma-dct": _SMALL,
    "nevergrad-cma-dct": _SMALL,
    "nevergrad-diagonal-cma-dct": _SMALL,
    "nevergrad-tbpsa-dct": _SMALL,
    "scipy-cobyla-coarse": _DIRECT,
    "scipy-nelder-mead-coarse": _DIRECT,
    "random-search": {
        "bound_levels": (8.0, 16.0, 32.0, 64.0),
        "share": (0.05, 0.1, 0.3),
        "steps": (100, 1_000, 10_000),
        "images_per_candidate": (16, 64, 160),
    },
    "guided-es": {
        "pairs": (8, 16),
        "isotropic": (0.1, 0.5, 0.9),
        "span": (1, 4),
        "radius_levels": (2.0, 4.0, 8.0, 16.0),
        "step_levels": (0.5, 1.0, 2.0, 4.0),
        "images_per_candidate": (4, 16, 64),
    },
    "prgf": {
        "directions": (25, 50),
        "radius_levels": (2.0, 4.0, 8.0, 16.0),
        "step_levels": (0.5, 1.0, 2.0, 4.0),
        "images_per_candidate": (4, 16, 64),
    },
    "ares": _IMITATION,
    "ares, own answer": _IMITATION,
    "antithetic": _PAIRS,
    "antithetic-dct": _PAIRS,
}


def trials(name: str) -> list[Method]:
    """The settings that the row ``name`` is tried with, all different, the row itself first."""
    row = AS_PUBLISHED[name]
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    found = [row]
    while len(found) < TRIALS:
        drawn = _draw(row, SPACES[name], rng)
        if drawn not in found:
            found.append(drawn)
    return found


def _draw(row: Method, space: Space, rng: np.random.Generator) -> Method:
    chosen = {option: choices[rng.integers(len(choices))] for option, choices in space.items()}
    prompt, share = PROMPTS[chosen.pop("prompt")] if "prompt" in chosen else (row.prompt, row.share)
    options = {option: value for option, value in {**row.options, **chosen}.items() if value is not None}
    return replace(row, options=options, prompt=prompt, share=share)
