"""What every label map asks of its answers, targets and labels before it is fitted."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError, DataError
from bbprompt.oracle import Answer, OracleSpec, Scores


def check_answer(name: str, answer: Answer, accepts: frozenset[Answer], *, instead: str) -> None:
    """Refuse a kind of answer that says too little for the map called ``name``.

    Raises:
        ConfigError: the answer is not among those accepted; the message says what to use instead.
    """
    if answer not in accepts:
        raise ConfigError(
            f"label map {name!r} needs {', '.join(sorted(accepts))}, got answers of kind {answer}; use {instead}"
        )


def check_classes(classes: tuple[str, ...]) -> None:
    """Refuse a task of fewer than two classes.

    Raises:
        ConfigError: there is nothing to tell apart.
    """
    if len(classes) < 2:
        raise ConfigError(f"a label map needs at least two classes, got {len(classes)}: {list(classes)}")


def check_fit(scores: Scores, targets: Int, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:
    """Refuse answers (n, k) and targets (n,) that no map can be fitted to.

    Raises:
        ConfigError: fewer than two classes.
        DataError: wrong shapes, targets out of range, or a class without an image.
    """
    check_classes(classes)
    k, c = len(spec.labels), len(classes)
    if scores.values.ndim != 2 or scores.values.shape[1] != k:
        raise DataError(f"scores must have shape (n, {k}) for {spec.name}, got {scores.values.shape}")
    if targets.shape != (len(scores),):
        raise DataError(f"expected one target per answer, shape ({len(scores)},), got {targets.shape}")
    if targets.dtype.kind not in "iu":
        raise DataError(f"targets must be class numbers (int64), got {targets.dtype}")
    if len(targets) and not (targets.min() >= 0 and targets.max() < c):
        raise DataError(f"targets must lie in 0..{c - 1}, got {targets.min()}..{targets.max()}")
    counts = np.bincount(targets, minlength=c)
    if not counts.all():
        raise DataError(f"class {classes[int(counts.argmin())]!r} has no image to fit the label map on; add some")


def check_one_to_one(name: str, *, spec: OracleSpec, classes: tuple[str, ...]) -> None:
    """Refuse an oracle with fewer labels than there are classes.

    Raises:
        ConfigError: no one-to-one map exists.
    """
    k, c = len(spec.labels), len(classes)
    if k < c:
        raise ConfigError(
            f"label map {name!r} gives each class a label of its own, but {spec.name} has {k} labels "
            f"for {c} classes; use the map 'linear'"
        )


def label_index(label: str | int, spec: OracleSpec, *, normal: Callable[[str], str] = str) -> int:
    """Return the column of one oracle label, given by name or by number.

    Args:
        label: the label, or its number from 0.
        spec: what holds the labels.
        normal: brings both names into the form in which they are compared.

    Raises:
        ConfigError: no such label, or more than one of that name.
    """
    if isinstance(label, int):
        return _checked_number(label, spec)
    wanted = normal(label)
    found = [i for i, known in enumerate(spec.labels) if normal(known) == wanted]
    if len(found) > 1:
        raise ConfigError(f"{spec.name} has {len(found)} labels called {label!r}; give a number out of {found}")
    if not found:
        raise ConfigError(f"{spec.name} has no label {label!r}{_nearest(label, spec.labels)}")
    return found[0]


def _checked_number(number: int, spec: OracleSpec) -> int:
    k = len(spec.labels)
    if isinstance(number, bool) or not 0 <= number < k:
        raise ConfigError(f"{spec.name} has labels 0..{k - 1}, got {number}")
    return number


def _nearest(label: str, labels: Sequence[str]) -> str:
    near = difflib.get_close_matches(label, labels, n=3)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else "; see the labels of its spec"
