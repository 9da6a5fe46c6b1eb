"""Building templates: the published sizes, and one clear line for what cannot be."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from bbprompt.errors import ConfigError
from bbprompt.templates import TEMPLATES, Blend, make_template
from tests.prompt_cases import TEMPLATE_CASES, small_template


@pytest.mark.parametrize(
    ("name", "size", "parameters"),
    [
        ("padding", 30, 69_840),
        ("fixed-patch", 30, 3 * 30**2),
        ("random-patch", 30, 3 * 30**2),
        ("single-pixel", None, 3),
        ("full-image", None, 3 * 224**2),
    ],
)
def test_parameters_are_counted_as_published(name: str, size: int | None, parameters: int) -> None:
    mask = make_template(name, canvas=(224, 224), blend="add", size=size).mask
    assert mask.shape == (224, 224)
    assert mask.dtype == np.bool_
    assert 3 * mask.sum() == parameters


@pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)
def test_a_template_is_an_immutable_value(name: str, blend: Blend) -> None:
    template = small_template(name, blend)
    assert template == small_template(name, blend)
    assert template.name == name
    assert TEMPLATES[name] is type(template)
    with pytest.raises((FrozenInstanceError, AttributeError)):
        template.canvas = (1, 1)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("position", "corner"),
    [
        ("top-left", (0, 0)),
        ("top-right", (0, 11)),
        ("bottom-left", (8, 0)),
        ("bottom-right", (8, 11)),
        ((2, 3), (2, 3)),
    ],
)
def test_a_patch_lies_where_it_is_put(position: str | tuple[int, int], corner: tuple[int, int]) -> None:
    mask = make_template("fixed-patch", canvas=(12, 15), blend="add", size=4, position=position).mask
    assert mask[corner[0] : corner[0] + 4, corner[1] : corner[1] + 4].all()
    assert mask.sum() == 16


def test_a_single_pixel_is_at_the_centre_unless_put_elsewhere() -> None:
    assert make_template("single-pixel", canvas=(11, 15), blend="over").mask[5, 7]
    assert make_template("single-pixel", canvas=(11, 15), blend="over", position="bottom-right").mask[10, 14]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "pading", "size": 4}, "unknown template 'pading'; did you mean 'padding'?"),
        ({"name": "fixed_patch", "size": 4}, "did you mean 'fixed-patch'?"),
        ({"name": "padding", "size": 4, "blend": "ovr"}, "unknown blend 'ovr'; did you mean 'over'?"),
        ({"name": "padding"}, "template 'padding' needs 'size', in pixels"),
        ({"name": "padding", "size": 6}, "padding of size 6 does not fit on a canvas of 12x15 pixels; .* 1 to 5"),
        ({"name": "padding", "size": 0}, "give a size from 1 to 5"),
        ({"name": "padding", "size": 1, "canvas": (2, 2)}, "does not fit on a canvas of 2x2 pixels at any size"),
        ({"name": "padding", "size": 1, "canvas": (0, 2)}, "canvas must be"),
        ({"name": "fixed-patch", "size": 13}, "give a size from 1 to 12"),
        (
            {"name": "fixed-patch", "size": 4, "position": (9, 0)},
            "runs off the canvas of 12x15; .* row from 0 to 8",
        ),
        ({"name": "fixed-patch", "size": 4, "position": "botom-left"}, "did you mean 'bottom-left'?"),
        (
            {"name": "fixed-patch", "size": 4, "shrink": True},
            "no option 'shrink'; its options are: size, position",
        ),
        ({"name": "random-patch", "size": 4, "position": (0, 0)}, "'random-patch' has no option 'position'"),
        ({"name": "random-patch", "size": 4, "seed": -1}, "seed of random-patch must be 0 or more, got -1"),
        ({"name": "single-pixel", "size": 4}, "'single-pixel' has no option 'size'; its options are: position"),
        ({"name": "single-pixel", "position": (12, 0)}, "runs off the canvas"),
        ({"name": "full-image", "seed": 1}, "'full-image' has no option 'seed'; its options are: size, shrink"),
        ({"name": "full-image", "size": 3}, "takes size and shrink = true together.*got size 3 and shrink false"),
        ({"name": "full-image", "shrink": True}, "takes size and shrink = true together.*got size None"),
        ({"name": "full-image", "shrink": True, "size": 6}, "full-image of size 6 does not fit .* 1 to 5"),
        ({"name": "full-image", "blend": "over"}, "hides the whole image"),
        ({"name": "fixed-patch", "size": 12, "canvas": (12, 12), "blend": "over"}, "hides the whole image"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_template(**{"canvas": (12, 15), "blend": "add", **options})
    assert re.search(message, str(caught.value))
    assert "\n" not in str(caught.value)
