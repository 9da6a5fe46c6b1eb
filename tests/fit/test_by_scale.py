"""The image's scale: found where the oracle knows its objects small, left alone where it does not, within the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.fit import Fit
from bbprompt.fit.auto import fit_auto
from bbprompt.fit.by_scale import FIRST, affordable
from bbprompt.fit.layout import LAYOUTS, Arranged, Layout, Place
from bbprompt.labelmaps import CrossFit, cross_fit_label_map
from bbprompt.oracle import Answer, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from tests.fit.conftest import CLASSES, SPEC, Linear, Problem, images_of

Make = Callable[..., Problem]


@dataclass
class Centre(Linear):
    """Sees the four pixels in the middle and no others."""

    def query(self, images: UInt8) -> Scores:
        self.asked += len(images)
        pixels = images[:, 3:5, 3:5].reshape(len(images), -1) / 255.0 - 0.5
        return Scores((20 * pixels @ self.weights[:12]).astype(np.float32), Answer.LOGITS)


def blind_centre(images: UInt8) -> UInt8:
    """The same images with nothing but noise where ``Centre`` looks."""
    noise = np.random.default_rng(len(images)).integers(0, 256, (len(images), 4, 4, 3))
    images = images.copy()
    images[:, 2:6, 2:6] = noise
    return images


def problem_of(make_problem: Make, oracle: Linear) -> Problem:
    """Every class is told by its border alone."""
    problem = make_problem(oracle, label_map="linear")
    objective, selection = problem.objective, problem.selection
    images = blind_centre(objective.images)

    def fit_map(scores: Scores, of: np.ndarray) -> CrossFit:
        return cross_fit_label_map("linear", scores, of, spec=SPEC, classes=CLASSES, rng=np.random.default_rng(1))

    return Problem(
        replace(objective, images=images),
        replace(selection, own=replace(selection.own, images=blind_centre(selection.own.images))),
        oracle.query(images),
        fit_map,
    )


def arrange_in(problem: Problem) -> Callable[[Layout], Arranged]:
    raw, held_out = problem.objective.images, problem.selection.own.images

    def arrange(layout: Layout) -> Arranged:
        size = max(1, round(layout.share * 8))
        template = make_template("full-image", canvas=(8, 8), blend="add", size=size, shrink=True)
        prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
        frame = make_template("padding", canvas=(8, 8), blend="add", size=size).mask
        theta = np.where(np.repeat(frame.ravel(), 3), (layout.level - 128) / 255, 0.0)
        objective = replace(problem.objective, prompt=prompt, images=template.prepare(raw))
        return Arranged(Place(prompt, template.prepare(held_out), layout), objective, theta)

    return arrange


def fit(problem: Problem, *, queries: int, checkpoint: Path | None = None, stop_at: int | None = None) -> Fit:
    def watch(asked: int, _best: float) -> None:
        if stop_at is not None and asked >= stop_at:
            raise KeyboardInterrupt

    return fit_auto(
        problem.objective,
        problem.theta,
        replace(problem.selection, arrange=arrange_in(problem)),
        student=None,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        rng=np.random.default_rng(6),
        checkpoint=checkpoint,
        watch=watch,
    )


def test_an_oracle_that_knows_small_objects_is_shown_small_ones(make_problem: Make) -> None:
    found = fit(problem_of(make_problem, Centre()), queries=1500)
    assert found.prompt.template.prepare(np.full((1, 8, 8, 3), 7, np.uint8))[0, 0, 0].tolist() == [128] * 3
    assert max(look.accuracy.accuracy for look in found.history) > found.history[0].accuracy.accuracy + 0.1


def test_where_the_image_is_best_as_it_is_it_stays(make_problem: Make) -> None:
    """A shrunk image shows this oracle nothing but its ground."""

    class Rim(Linear):
        def query(self, images: UInt8) -> Scores:
            seen = images.copy()
            seen[:, 1:7, 1:7] = 128
            return super().query(seen)

    images, _ = images_of(np.random.default_rng(0), 60)
    problem = make_problem(Rim(), label_map="linear")
    found = fit(replace(problem, start=Rim().query(images)), queries=1500)
    assert found.prompt == problem.objective.prompt


@pytest.mark.parametrize("queries", [130, 260, 420, 1500])
def test_it_asks_what_it_says_within_the_budget(make_problem: Make, queries: int) -> None:
    oracle = Centre()
    problem = problem_of(make_problem, oracle)
    oracle.asked = 0
    found = fit(problem, queries=queries)
    assert oracle.asked == found.queries <= queries


def test_a_small_budget_goes_to_the_first_layouts_and_half_of_a_large_one_to_more() -> None:
    few, exact, large, huge = (affordable(left, images=160, look=100) for left in (739, 740, 4_000, 100_000))
    assert few == (1, 1)
    assert exact == (FIRST, 1)
    assert large == (10, 3)
    assert huge[0] >= len(LAYOUTS)
    for left in range(3_000):
        layouts, looks = affordable(left, images=160, look=100)
        assert layouts == 0 or 160 * layouts + 100 * looks <= left


@pytest.mark.parametrize("stop_at", [150, 1000])
def test_a_killed_fit_goes_on_in_its_layout_to_the_same_bits(
    make_problem: Make, tmp_path: Path, stop_at: int
) -> None:
    whole = fit(problem_of(make_problem, Centre()), queries=1500)
    with pytest.raises(KeyboardInterrupt):
        fit(problem_of(make_problem, Centre()), queries=1500, checkpoint=tmp_path / "state", stop_at=stop_at)
    resumed = fit(problem_of(make_problem, Centre()), queries=1500, checkpoint=tmp_path / "state")
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.prompt.template == whole.prompt.template
    assert (resumed.history, resumed.queries) == (whole.history, whole.queries)
