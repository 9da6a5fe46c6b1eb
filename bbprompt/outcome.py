"""What a run has to show: its PNG as read back, on test images that are scored once, and the files that say so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from bbprompt.arrays import UInt8
from bbprompt.atomic import write_atomically
from bbprompt.evaluate import Accuracy, Evaluation, evaluate_overlay
from bbprompt.fit import Fit
from bbprompt.labelmaps import load_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Oracle
from bbprompt.overlay import Overlay
from bbprompt.records import EXAMPLES, HISTORY, RESULT, AccuracyRecord, Costs, Examples, Outlook, ResultRecord
from bbprompt.task import Task

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
    """Score the test images once without a prompt and once under the PNG, as read back."""
    test = task.splits.test
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
    task: Task, fit: Fit, tested: Tested, costs: Costs, *, outlook: Outlook | None = None
) -> ResultRecord:
    """Gather a run's figures."""
    config = task.config
    return ResultRecord(
        method=config.fit.method,
        seed=config.seed,
        oracle=task.spec.name,
        classes=task.classes,
        template=fit.prompt.template.name,
        blend=fit.prompt.template.blend,
        parametrisation=fit.prompt.parametrisation.name,
        label_map=config.labels.map,
        no_prompt=_record(tested.no_prompt.accuracy),
        prompt=_record(tested.prompt.accuracy),
        confusion=tested.prompt.confusion.tolist(),
        costs=costs,
        stopped=fit.stopped,
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
