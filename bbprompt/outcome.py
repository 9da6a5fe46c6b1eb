"""What a run has to show: its PNG as read back, on test images that are scored once, and the files that say so."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.atomic import write_atomically
from bbprompt.data import Dataset
from bbprompt.errors import BudgetExhausted, DataError
from bbprompt.evaluate import Accuracy, Evaluation, judge, score_under
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
    test, spec = task.splits.test, oracle.spec
    both = _Both(task, oracle, overlay, baseline)
    for rows in _parts(np.arange(len(test)), spec.max_batch * spec.max_in_flight):
        try:
            both.score(rows)
        except (
            BudgetExhausted
        ) as error:  # some of these are answered, or can still be paid for, a request at a time
            both.ended = error
            for few in _parts(rows, spec.max_batch):
                with suppress(BudgetExhausted):
                    both.score(few)
    return both.tested()


def _parts(rows: Int, size: int) -> list[Int]:
    return np.array_split(rows, range(size, len(rows), size))


@dataclass(slots=True)
class _Both:
    """The test images that have both answers so far; nothing is asked for again, as another answer may differ."""

    task: Task
    oracle: Oracle
    overlay: Overlay
    baseline: LabelMap
    ended: BudgetExhausted | None = None
    rows: list[Int] = field(default_factory=list)
    plain: list[Float] = field(default_factory=list)
    prompted: list[Float] = field(default_factory=list)

    def score(self, rows: Int) -> None:
        images, label_map = self.task.splits.test.images[rows], load_label_map(self.overlay.meta.label_map)
        plain = score_under(_NoPrompt(self.task), self.oracle, self.baseline, images)
        prompted = score_under(self.overlay, self.oracle, label_map, images)
        self.rows.append(rows)
        self.plain.append(plain)
        self.prompted.append(prompted)

    def tested(self) -> Tested:
        test = self._answered()
        plain, prompted = (
            judge(np.concatenate(scores), test, queries=len(test)) for scores in (self.plain, self.prompted)
        )
        shown = test.images[:SHOWN]
        examples = Examples(
            before=self.task.plain(shown),
            after=self.overlay.apply(shown),
            targets=test.targets[:SHOWN],
            predicted_before=plain.predicted[:SHOWN],
            predicted_after=prompted.predicted[:SHOWN],
        )
        return Tested(plain, prompted, examples)

    def _answered(self) -> Dataset:
        test = self.task.splits.test
        if self.ended is None:
            return test
        try:
            answered = test.take(np.concatenate([np.zeros(0, np.int64), *self.rows]))
        except DataError:
            raise self.ended from None
        tell(
            f"the budget ended within the test: {len(answered)} of {len(test)} images have both answers, and count"
        )
        return answered


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
