"""The learning methods by name: gradients, or any estimator. All see one task through one objective."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from bbprompt.atomic import write_atomically
from bbprompt.config import ANY
from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.fit import Fit, GradientSettings, Selection, differentiable, fit_by_gradient, fit_by_query
from bbprompt.fit.auto import fit_auto
from bbprompt.fit.by_imitation import (
    Imitation,
    ImitationSettings,
    fit_by_imitation,
    imitate,
    learn_from_imitation,
)
from bbprompt.fit.frame import learn_width
from bbprompt.fit.layout import Arrange, Arranged, Layout, Place
from bbprompt.fit.selection import Watch, unheld
from bbprompt.fit.student import Student
from bbprompt.losses import Loss
from bbprompt.names import unknown
from bbprompt.objective import Objective
from bbprompt.oracle import Oracle, Scores
from bbprompt.parametrisations.identity import Identity
from bbprompt.records import SIZE
from bbprompt.searches import SEARCHES, check_search, open_search, student_for
from bbprompt.task import FIT, FRAME, TEACH, Task
from bbprompt.templates.padding import Padding
from bbprompt.wrappers import Judging

AUTO = "auto"
ARES = "ares"
GRADIENT = "gradient"
SIZE_EPOCHS = 4
"""A size is learned for a quarter of the epochs, before the prompt is."""


class AutoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What ``auto`` may be told.

    Attributes:
        student: an installed student, or "none". Never one that is the oracle's own model. "local-model" starts as a
            model of yours, and pays where that is of the oracle's family; elsewhere "none" does better.
        student_options: the student's own keys; of "local-model" those of an ``[oracle]`` table.
        signs: whether loud random signs are among the openings that are tried.
    """

    student: str = "none"
    student_options: dict[str, Any] = {}
    signs: bool = True


def check_method(task: Task) -> None:
    """Refuse what cannot work before anything is paid: a map, unknown methods and options, a remote model's gradient.

    Raises:
        ConfigError: the method or one of its options cannot be used here.
    """
    task.check_map()
    fit = task.config.fit
    if fit.method != GRADIENT and task.config.prompt.learn_size:
        raise ConfigError(
            f"[prompt] learn_size needs [fit] method = 'gradient', got {fit.method!r}; give a size in pixels instead"
        )
    if fit.method == GRADIENT:
        differentiable(task.oracle)
        _check_differentiable(task.loss)
        gradient_settings(task)
    elif fit.method == AUTO:
        _student(task)
    elif fit.method == ARES:
        student_for(task, imitation_settings(task).student)
    elif fit.method.partition(":")[0] in SEARCHES:
        check_search(task)
    else:
        raise unknown("[fit] method", fit.method, [AUTO, ARES, GRADIENT, *SEARCHES])


def settle_size(task: Task, folder: Path) -> Task:
    """Learn the prompt's size, if that is asked for; the run's folder remembers it.

    Raises:
        ConfigError: the oracle gives no gradients.
    """
    if not task.config.prompt.learn_size:
        return task
    path = folder / SIZE
    if not path.exists():
        write_atomically(path, msgspec.json.encode(_learn_width(task)))
    return task.with_size(msgspec.json.decode(path.read_bytes(), type=int))


def _learn_width(task: Task) -> int:
    settings = gradient_settings(task)
    template = task.prompt.template
    assert isinstance(template, Padding)
    return learn_width(
        differentiable(task.oracle),
        task.splits.train.images,
        task.splits.train.targets,
        start=template.size,
        fit_map=task.fit_map,
        loss=task.loss,
        epochs=max(1, settings.epochs // SIZE_EPOCHS),
        batch_size=settings.batch_size,
        rng=task.rng(FRAME),
    )


def gradient_settings(task: Task) -> GradientSettings:
    """Return the settings in ``[fit]``."""
    options = {**task.config.fit.options, "looks": task.config.fit.looks}
    return convert(options, GradientSettings, where="[fit] with method 'gradient'")


def imitation_settings(task: Task) -> ImitationSettings:
    """Return the settings in ``[fit]`` of the method "ares"."""
    return convert(task.config.fit.options, ImitationSettings, where="[fit] with method 'ares'")


def run_method(
    task: Task,
    oracle: Oracle,
    *,
    start: Scores,
    queries: int | None,
    checkpoint: Path,
    watch: Watch,
    looked: bool = False,
    refit: bool = True,
    judging: Judging | None = None,
) -> Fit:
    """Learn the task's prompt through ``oracle``.

    Args:
        judging: the oracle for looks, if it may spend more.
        start: answers to the training images with the prompt as it starts.
        queries: images that a query-only method may score; ``None`` for gradients.
        looked: whether the oracle knows the answers to a first look at the prompt's start; ``queries`` count them.
        refit: fit the chosen map anew in the end, to validation's answers, too.
    """
    objective = _objective(task, oracle)
    selection = _selection(task, oracle, refit=refit, judging=judging)
    if queries is None:
        return fit_by_gradient(
            objective,
            task.theta,
            selection,
            fit_map=task.fit_map,
            start=start,
            settings=gradient_settings(task),
            rng=task.rng(FIT),
            checkpoint=checkpoint,
            watch=watch,
        )
    if task.config.fit.method == AUTO:
        return fit_auto(
            objective,
            task.theta,
            selection,
            student=_student(task),
            signs=_auto_settings(task).signs and task.config.prompt.parametrisation == Identity.name,
            fit_map=task.fit_map,
            start=start,
            queries=queries,
            looked=looked,
            looks=task.config.fit.looks,
            rng=task.rng(FIT),
            checkpoint=checkpoint,
            watch=watch,
        )
    if task.config.fit.method == ARES:
        settings = imitation_settings(task)
        return fit_by_imitation(
            objective,
            task.theta,
            selection,
            student=student_for(task, settings.student),
            fit_map=task.fit_map,
            start=start,
            queries=queries,
            settings=settings,
            looks=task.config.fit.looks,
            rng=task.rng(TEACH),
            checkpoint=checkpoint,
        )
    return fit_by_query(
        objective,
        open_search(task, objective, start),
        selection,
        fit_map=task.fit_map,
        start=start,
        queries=queries,
        looks=task.config.fit.looks,
        rng=task.rng(FIT),
        checkpoint=checkpoint,
        watch=watch,
    )


def imitate_alone(task: Task, oracle: Oracle, *, start: Scores) -> tuple[Imitation, Fit]:
    """Teach a local model with ``start``, and learn prompt and map for that model alone: nothing more is queried."""
    objective, settings, rng = _objective(task, oracle), imitation_settings(task), task.rng(TEACH)
    student = student_for(task, settings.student)
    imitation = imitate(objective, student, task.theta, start=start, passes=settings.lesson_passes, rng=rng)
    return imitation, learn_from_imitation(
        imitation,
        objective,
        task.theta,
        _selection(task, oracle, refit=False),
        fit_map=task.fit_map,
        passes=settings.passes,
        looks=task.config.fit.looks,
        rng=rng,
    )


def _auto_settings(task: Task) -> AutoSettings:
    return convert(task.config.fit.options, AutoSettings, where="[fit] with method 'auto'")


def _student(task: Task) -> Student | None:
    settings = _auto_settings(task)
    return None if settings.student == "none" else student_for(task, settings.student, settings.student_options)


def _arrange(task: Task, oracle: Oracle) -> Arrange | None:
    """Bring the task into a layout; ``None`` where the run file says what template and parametrisation it wants."""
    asked = task.config.prompt
    if (asked.template, asked.parametrisation) != (ANY, Identity.name):
        return None

    def arrange(layout: Layout) -> Arranged:
        moved = task.shrunk(layout.width(min(task.spec.input_size)))
        return Arranged(_place(moved, layout), _objective(moved, oracle), moved.frame(layout.level))

    return arrange


def _check_differentiable(loss: Loss) -> None:
    if not loss.differentiable:
        raise ConfigError(f"loss {loss.name!r} has no useful gradient; use 'cross-entropy', or a query-only method")


def _objective(task: Task, oracle: Oracle) -> Objective:
    train = task.splits.train
    images = task.prompt.template.prepare(train.images)
    return Objective(oracle=oracle, prompt=task.prompt, images=images, targets=train.targets, loss=task.loss)


def _selection(task: Task, oracle: Oracle, *, refit: bool, judging: Judging | None = None) -> Selection:
    return Selection(
        judging or oracle,
        _place(task),
        task.splits.validation.targets,
        arrange=_arrange(task, oracle) if task.config.fit.method == AUTO else None,
        refit=task.fit_map if refit else None,
        hold=judging.hold if judging else unheld,
    )


def _place(task: Task, layout: Layout | None = None) -> Place:
    return Place(task.prompt, task.prompt.template.prepare(task.splits.validation.images), layout)
