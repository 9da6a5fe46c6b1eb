"""A task that is best shown small: what the tests of the race share."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.fit.layout import Arrange, Arranged, Layout, Place
from bbprompt.labelmaps import CrossFit, cross_fit_label_map
from bbprompt.oracle import Answer, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from tests.fit.conftest import CLASSES, SPEC, Linear, Problem

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
    noise = np.random.default_rng(zlib.crc32(images.tobytes())).integers(0, 256, (len(images), 2, 2, 3))
    images = images.copy()
    images[:, 3:5, 3:5] = noise
    return images


def problem_of(make_problem: Make, oracle: Linear) -> Problem:
    """Every class is told by all but the centre."""
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


def arrange_in(problem: Problem) -> Arrange:
    raw, held_out = problem.objective.images, problem.selection.own.images

    def arrange(layout: Layout) -> Arranged:
        size = layout.width(8)
        template = make_template("full-image", canvas=(8, 8), blend="add", size=size, shrink=True)
        prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
        frame = make_template("padding", canvas=(8, 8), blend="add", size=size).mask
        theta = np.where(np.repeat(frame.ravel(), 3), (layout.level - 128) / 255, 0.0)
        objective = replace(problem.objective, prompt=prompt, images=template.prepare(raw))
        return Arranged(Place(prompt, template.prepare(held_out), layout), objective, theta)

    return arrange


def arranged(problem: Problem) -> Problem:
    return replace(problem, selection=replace(problem.selection, arrange=arrange_in(problem)))
