"""The estimator that a run file names; those that follow a surrogate get a student to follow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bbprompt.errors import ConfigError
from bbprompt.estimators import ESTIMATORS, FAMILIES, GUIDED, Estimator, Prior, make_estimator
from bbprompt.fit.student import Student
from bbprompt.fit.surrogate import Surrogate
from bbprompt.objective import Objective
from bbprompt.oracle import Scores
from bbprompt.registry import open_student
from bbprompt.task import SEARCH, TEACH, Task

SEARCHES = (*ESTIMATORS, *GUIDED, *FAMILIES)
STUDENT = "student"
"""Option of the guided searches, beside the estimator's own: an installed student, never the oracle's own model."""
DEFAULT_STUDENT = "efficientnet-lite0"


def check_search(task: Task) -> None:
    """Refuse a search or a student that cannot be used, before anything is paid.

    Raises:
        ConfigError: an option of the search, or its student.
    """
    _make(task, np.zeros_like)
    if task.config.fit.method in GUIDED:
        student_for(task, _student_name(task))


def open_search(task: Task, objective: Objective, start: Scores) -> Estimator:
    """Build the task's search at its start.

    Args:
        start: answers to the objective's images there, one each: a surrogate's lesson.
    """
    if task.config.fit.method not in GUIDED:
        return _make(task, None)
    student, maps = student_for(task, _student_name(task)), task.fit_map(start, objective.targets)
    return _make(task, Surrogate(objective, student, task.theta, start, maps, task.rng(TEACH)))


def student_for(task: Task, name: str, options: Mapping[str, object] | None = None) -> Student:
    """Open a fresh student called ``name``, with its own ``options``, for the task's oracle.

    Raises:
        ConfigError: it is unknown, refuses an option, or a package that it needs is not installed.
    """
    spec = task.spec
    student: Student = open_student(name, labels=len(spec.labels), input_size=spec.input_size, options=options)
    return student


def _make(task: Task, prior: Prior | None) -> Estimator:
    method, options = task.config.fit.method, dict(task.config.fit.options)
    if method in GUIDED:
        options.pop(STUDENT, None)
    else:
        prior = None
    return make_estimator(method, task.theta, rng=task.rng(SEARCH), options=options, prior=prior)


def _student_name(task: Task) -> str:
    name = task.config.fit.options.get(STUDENT, DEFAULT_STUDENT)
    if not isinstance(name, str):
        raise ConfigError(f"[fit] student must be the name of an installed student, got {name!r}")
    return name
