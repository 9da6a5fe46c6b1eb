"""Openings: in which order they come, and what loud signs are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from bbprompt.fit.layout import LAYOUTS, Arrange, Arranged, Layout
from bbprompt.fit.openings import FEW_LAYOUTS, FEW_OWN, FIRST_LAYOUTS, MOST, OWN, TEXTURES, Signs, draw, openings
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from tests.fit.conftest import Problem, beginning

Make = Callable[..., Problem]


@pytest.mark.parametrize(
    ("signs", "pairs", "expected"),
    [
        (True, False, (FIRST_LAYOUTS * "l" + (len(LAYOUTS) - FIRST_LAYOUTS) * "sl").ljust(MOST, "s")),
        (True, True, FEW_LAYOUTS * "l" + FEW_OWN * "s" + 4 * "ls" + 4 * "l"),
        (False, False, len(LAYOUTS) * "l"),
        (False, True, len(LAYOUTS) * "l"),
    ],
)
def test_openings_are_layouts_and_signs(make_problem: Make, signs: bool, pairs: bool, expected: str) -> None:
    plain = beginning(make_problem(label_map="linear"))

    def arrange(layout: Layout) -> Arranged:
        return Arranged(replace(plain.place, layout=layout), plain.objective, plain.theta)

    def kinds(arrange: Arrange | None) -> str:
        field = openings(plain, arrange, signs=signs, pairs=pairs, rng=np.random.default_rng(0))
        return "".join("s" if opening.place.layout is None else "l" for opening in field)

    assert kinds(arrange) == expected
    assert kinds(None) == ((len(OWN) if pairs else MOST) * "s" if signs else "")


@pytest.mark.parametrize(("pairs", "round_"), [(True, OWN), (False, TEXTURES)])
def test_signs_are_drawn_anew_and_as_loud_as_they_say(
    make_problem: Make, pairs: bool, round_: Sequence[Signs]
) -> None:
    plain = beginning(make_problem(label_map="linear"))
    field = openings(plain, None, signs=True, pairs=pairs, rng=np.random.default_rng(0))
    drawn = [(opening.theta, signs) for opening, signs in zip(field, cycle(round_), strict=False)]
    for theta, signs in drawn:
        np.testing.assert_allclose(np.abs(theta), signs.level / 255)
        assert abs(np.sign(theta).mean()) < 4 / min(theta.size, 3 * (signs.period or 8) ** 2) ** 0.5
    # Twelve signs come again by chance, in a hundred draws.
    large = [np.sign(theta).tobytes() for theta, signs in drawn if signs.period != 2]
    assert len(set(large)) == len(large) > len(round_) / 2


@pytest.mark.parametrize("texture", TEXTURES)
def test_textures_repeat_down_and_across_for_each_channel_alone(texture: Signs) -> None:
    prompt = prompt_of("full-image", canvas=(40, 24))
    field = prompt.levels(draw(texture, prompt, np.random.default_rng(0)))
    assert np.array_equal(field[texture.period :], field[: -texture.period])
    assert np.array_equal(field[:, texture.period :], field[:, : -texture.period])
    assert set(np.unique(field)) == {-texture.level, texture.level}
    assert not np.array_equal(field[..., 0], field[..., 1])


def test_signs_go_where_the_template_shows_them() -> None:
    frame, whole = prompt_of("padding", canvas=(12, 12), size=3), prompt_of("full-image", canvas=(12, 12))
    on_frame, over_all = (
        prompt.levels(draw(Signs(64, 4), prompt, np.random.default_rng(0))) for prompt in (frame, whole)
    )
    assert np.array_equal(on_frame, over_all * frame.template.mask[..., None])


def prompt_of(name: str, **options: object) -> PixelPrompt:
    template = make_template(name, blend="add", **options)  # type: ignore[arg-type]
    return PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
