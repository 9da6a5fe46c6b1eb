"""A task small enough to fit in a blink: three classes of noise around a mean colour, and a frozen linear oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.arrays import Int, UInt8
from bbprompt.fit import Fit, Place, Selection
from bbprompt.fit.auto import fit_auto
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.student import Student
from bbprompt.labelmaps import CrossFit, LabelMap, cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.objective import Objective
from bbprompt.oracle import Answer, Oracle, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template

CLASSES = ("a", "b", "c")
BIAS = np.array([2.5, 0, 0, 0, 0])
SPEC = OracleSpec("linear", (8, 8), tuple("pqrst"), Answer.LOGITS, max_batch=16)


@dataclass
class Linear:
    """Logits are a fixed random linear function of the pixels, one of them always too high; a prompt can undo that."""

    spec: OracleSpec = SPEC
    asked: int = 0
    weights: np.ndarray = field(default_factory=lambda: np.random.default_rng(7).normal(size=(192, 5)) / 6)

    def query(self, images: UInt8) -> Scores:
        self.asked += len(images)
        pixels = images.reshape(len(images), -1) / 255.0 - 0.5
        return Scores((pixels @ self.weights + BIAS).astype(np.float32), Answer.LOGITS)


def images_of(rng: np.random.Generator, n: int) -> tuple[UInt8, Int]:
    targets = np.arange(n) % 3
    means = np.random.default_rng(3).uniform(60, 190, size=(3, 8, 8, 3))
    return np.clip(rng.normal(means[targets], 30), 0, 255).astype(np.uint8), targets


def alone(label_map: LabelMap) -> CrossFit:
    """A map that nothing is known of."""
    nothing = Scores(np.empty((0, 1), np.float32), Answer.LOGITS)
    return CrossFit(label_map, (label_map,), np.zeros(0, np.int64), nothing, np.zeros(0, np.int64))


@dataclass
class Problem:
    objective: Objective
    selection: Selection
    start: Scores
    fit_map: Callable[[Scores, Int], CrossFit]

    @property
    def theta(self) -> np.ndarray:
        return np.zeros(self.objective.prompt.size)


def beginning(problem: Problem) -> Beginning:
    """Where no prompt is."""
    maps = problem.fit_map(problem.start, problem.objective.targets)
    return Beginning(problem.objective, problem.theta, maps, problem.selection.own, asked=0)


def with_one_image_of_a_class(problem: Problem) -> Problem:
    """The same images, all but one of the last class called another's."""
    targets = problem.objective.targets.copy()
    targets[targets == 2] = 1
    targets[41] = 2
    return replace(problem, objective=replace(problem.objective, targets=targets))


class Stopped(Exception):
    """Stands for a kill between two steps."""


def fit(
    problem: Problem,
    *,
    queries: int,
    student: Student | None = None,
    signs: bool = True,
    looked: bool = False,
    checkpoint: Path | None = None,
    stop_at: int | None = None,
) -> Fit:
    """Carry out ``auto``; ``Stopped`` once ``stop_at`` queries are asked."""

    def watch(asked: int, _best: float) -> None:
        if stop_at is not None and asked >= stop_at:
            raise Stopped

    return fit_auto(
        problem.objective,
        problem.theta,
        problem.selection,
        student=student,
        signs=signs,
        fit_map=problem.fit_map,
        start=problem.start,
        queries=queries,
        looked=looked,
        rng=np.random.default_rng(6),
        checkpoint=checkpoint,
        watch=watch,
    )


def best(found: Fit) -> float:
    """The highest accuracy under validation."""
    return max(look.accuracy.accuracy for look in found.history)


@pytest.fixture
def make_problem() -> Callable[..., Problem]:
    def make(oracle: Oracle | None = None, *, label_map: str = "iterative") -> Problem:
        oracle = oracle or Linear()
        rng = np.random.default_rng(0)
        (images, targets), (held_out, held_targets) = images_of(rng, 60), images_of(rng, 60)
        template = make_template("full-image", canvas=(8, 8), blend="add")
        prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))

        def fit_map(scores: Scores, of: Int) -> CrossFit:
            return cross_fit_label_map(
                label_map, scores, of, spec=SPEC, classes=CLASSES, rng=np.random.default_rng(1)
            )

        return Problem(
            Objective(oracle=oracle, prompt=prompt, images=images, targets=targets, loss=LOSSES["cross-entropy"]),
            Selection(oracle, Place(prompt, held_out), held_targets, refit=fit_map),
            Linear().query(images),
            fit_map,
        )

    return make
