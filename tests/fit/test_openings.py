"""Openings: in which order they come, and what loud signs are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bbprompt.fit.layout import LAYOUTS, Arrange, Arranged, Layout
from bbprompt.fit.openings import FEW_LAYOUTS, FEW_SIGNS, SIGNS, openings
from tests.fit.conftest import Problem, beginning

Make = Callable[..., Problem]


def test_openings_are_four_layouts_eight_signs_and_then_both_by_turns(make_problem: Make) -> None:
    problem = make_problem(label_map="linear")
    plain = beginning(problem)

    def kinds(arrange: Arrange | None, *, signs: bool) -> str:
        field = openings(plain, arrange, signs=signs, rng=np.random.default_rng(0))
        return "".join("s" if opening.place.layout is None else "l" for opening in field)

    def arrange(layout: Layout) -> Arranged:
        return Arranged(replace(plain.place, layout=layout), plain.objective, plain.theta)

    assert kinds(arrange, signs=True) == FEW_LAYOUTS * "l" + FEW_SIGNS * "s" + 4 * "ls" + 4 * "l"
    assert kinds(arrange, signs=False) == len(LAYOUTS) * "l"
    assert kinds(None, signs=True) == len(SIGNS) * "s"
    assert kinds(None, signs=False) == ""


def test_signs_are_drawn_anew_and_as_loud_as_they_say(make_problem: Make) -> None:
    plain = beginning(make_problem(label_map="linear"))
    thetas = [opening.theta for opening in openings(plain, None, signs=True, rng=np.random.default_rng(0))]
    for theta, signs in zip(thetas, SIGNS, strict=True):
        np.testing.assert_allclose(np.abs(theta), signs.level / 255)
        assert abs(np.sign(theta).mean()) < 4 / theta.size**0.5
    assert len({np.sign(theta).tobytes() for theta in thetas}) == len(SIGNS)
