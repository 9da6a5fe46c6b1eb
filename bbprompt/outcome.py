"""What a run has to show: its PNG as read back, on test images that are scored once, and the files that say so."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.atomic import write_atomically
from bbprompt.data import Dataset
from bbprompt.errors import BudgetExhausted, DataError
from bbprompt.evaluate import Accuracy, Evaluation, evaluate_overlay
from bbprompt.fit import Fit
from bbprompt.labelmaps import load_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Oracle
from bbprompt.overlay import Overlay
from bbprompt.progress import tell
from bbprompt.records import EXAMPLES, HISTORY, RESULT, AccuracyRecord, Costs, Examples, Outlook, ResultRecord
from bbprompt.task import Task
from bbprompt.templates import Template

SHOWN = 12
"""Test images that a report shows before and after."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The test images, without a prompt and under it."""

    no_prompt: Evaluation
    prompt: Evaluation
    examples: Examples


@dataclass(frozen=True, slots=True)
class _NoPrompt:
    """An overlay that changes nothing."""

    task: Task

    def apply(self, images: UInt8) -> UInt8:
        return self.task.plain(images)


def score_test(task: Task, oracle: Oracle, overlay: Overlay, baseline: LabelMap) -> Tested:
    """Score the test images once without a prompt and once under the PNG, as read back.

    Where failures have cost so much that the budget ends here, those images count that have both answers.

    Raises:
        BudgetExhausted: too few have, for each class to be among them.
    """
    test = task.splits.test
    try:
        return _score(task, oracle, overlay, baseline, test)
    except BudgetExhausted as ended:
        try:
            answered = test.take(_answered(task, oracle, overlay))
        except DataError:
            raise ended from None
        tell(
            f"the budget ended within the test: {len(answered)} of {len(test)} images have both answers, and count"
        )
        return _score(task, oracle, overlay, baseline, answered)


def _answered(task: Task, oracle: Oracle, overlay: Overlay) -> Int:
    """Rows of the test images that have both answers, or can still be paid for, a request at a time."""
    images, at_once, found = task.splits.test.images, task.spec.max_batch, []
    for rows in np.array_split(np.arange(len(images)), range(at_once, len(images), at_once)):
        with suppress(BudgetExhausted):
            oracle.query(task.plain(images[rows]))
            oracle.query(overlay.apply(images[rows]))
            found.append(rows)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _score(task: Task, oracle: Oracle, overlay: Overlay, baseline: LabelMap, test: Dataset) -> Tested:
    label_map = load_label_map(overlay.meta.label_map)
    no_prompt = evaluate_overlay(_NoPrompt(task), oracle, baseline, test)
    prompt = evaluate_overlay(overlay, oracle, label_map, test)
    shown = slice(SHOWN)
    examples = Examples(
        before=task.plain(test.images[shown]),
        after=overlay.apply(test.images[shown]),
        targets=test.targets[shown],
        predicted_before=no_prompt.predicted[shown],
        predicted_after=prompt.predicted[shown],
    )
    return Tested(no_prompt, prompt, examples)


def make_result(
    task: Task, fit: Fit, template: Template, tested: Tested, costs: Costs, *, outlook: Outlook | None = None
) -> ResultRecord:
    """Gather a run's figures.

    Args:
        template: of the PNG.
    """
    config = task.config
    whole = tested.prompt.accuracy.n == len(task.splits.test)
    return ResultRecord(
        method=config.fit.method,
        seed=config.seed,
        oracle=task.spec.name,
        classes=task.classes,
        template=template.name,
        blend=template.blend,
        parametrisation=fit.prompt.parametrisation.name,
        label_map=config.labels.map,
        no_prompt=_record(tested.no_prompt.accuracy),
        prompt=_record(tested.prompt.accuracy),
        confusion=tested.prompt.confusion.tolist(),
        costs=costs,
        stopped=fit.stopped if whole else "budget",
        outlook=outlook,
    )


def _record(found: Accuracy) -> AccuracyRecord:
    return AccuracyRecord(accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n)


def write_outcome(folder: Path, result: ResultRecord, fit: Fit, examples: Examples) -> None:
    """Write the figures; ``result.json`` last, because it says that the run is finished."""
    lines = b"".join(msgspec.json.encode(record) + b"\n" for record in fit.history)
    write_atomically(folder / HISTORY, lines)
    examples.save(folder / EXAMPLES)
    write_atomically(folder / RESULT, msgspec.json.format(msgspec.json.encode(result)))
