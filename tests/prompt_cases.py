"""Small templates and parametrisations of every kind, from the tables, for the tests that must hold for all."""

from __future__ import annotations

from dataclasses import MISSING, fields

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from bbprompt.arrays import Int, UInt8
from bbprompt.parametrisations import PARAMETRISATIONS, Parametrisation, make_parametrisation
from bbprompt.templates import BLENDS, LEVELS, TEMPLATES, Blend, Template, make_template

CANVAS = (12, 15)
quick = settings(deadline=None, max_examples=40)
POINTLESS = {("full-image", "over")}
TEMPLATE_CASES: list[tuple[str, Blend]] = [
    (name, blend) for name in TEMPLATES for blend in LEVELS if (name, blend) not in POINTLESS
]
assert set(LEVELS) == set(BLENDS)


def small_template(name: str, blend: Blend, *, canvas: tuple[int, int] = CANVAS, shrink: bool = False) -> Template:
    sized = any(field.name == "size" and field.default is MISSING for field in fields(TEMPLATES[name]))
    return make_template(name, canvas=canvas, blend=blend, size=4 if sized or shrink else None, shrink=shrink)


def small_parametrisation(name: str, template: Template) -> Parametrisation:
    options = {field.name for field in fields(PARAMETRISATIONS[name])}
    return make_parametrisation(
        name,
        mask=template.mask,
        cells=min(3, int(template.mask.sum())) if "cells" in options else None,
        bound_levels=20.0 if "bound_levels" in options else None,
    )


def image_batches(canvas: tuple[int, int] = CANVAS) -> st.SearchStrategy[UInt8]:
    return st.integers(1, 3).flatmap(lambda n: nps.arrays(np.uint8, (n, *canvas, 3)))


def levels_for(template: Template) -> st.SearchStrategy[Int]:
    low, high = LEVELS[template.blend]
    shape = (*template.canvas, 3)
    drawn = nps.arrays(np.int64, shape, elements=st.integers(low, high))
    return drawn.map(lambda levels: levels * template.mask[..., None])
