"""How a method spends a budget, and what it has to show at each mark.

A method that can go on from a smaller budget to a larger one runs once: at each stop it looks at validation and
writes its checkpoint, and resumes from there with more. So what it has at a mark owes nothing to later queries.
Any other starts afresh for each budget. Either way the test is scored outside of the count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bbprompt.arrays import Float, UInt8
from bbprompt.evaluate import evaluate_overlay
from bbprompt.fit import Fit
from bbprompt.fit.selection import unwatched
from bbprompt.labelmaps.base import LabelMap
from bbprompt.methods import imitate_alone, run_method
from bbprompt.oracle import Oracle, Scores
from bbprompt.prompt import PixelPrompt
from bbprompt.records import AccuracyRecord, best_accuracy
from bbprompt.task import Task
from benchmarks.queries.counted import Counted
from benchmarks.queries.records import Mark
from benchmarks.queries.setup import sealed

STOPS = (500, 1_000, 2_000, 3_500, 5_000, 7_500, 10_000, 20_000, 35_000, 50_000)
"""Where a method that runs once looks at validation and refits its map: at the budgets, and between far ones."""


def without_prompt(task: Task) -> Iterator[Mark]:
    """The best map alone: each training image scored once."""
    oracle = Counted(task.oracle, budget=len(task.splits.train))
    label_map = task.fit_map(_score_start(task, oracle), task.splits.train.targets).whole
    tested = score_test(task, task.prompt, task.theta, label_map)
    yield Mark(budget=oracle.budget, spent=oracle.spent, validation=None, test=tested)


def by_gradient(task: Task) -> Iterator[Mark]:
    """What backpropagation through the model reaches. Its passes are counted, not limited."""
    with TemporaryDirectory() as folder:
        fit = _fit(task, task.oracle, _score_start(task, task.oracle), queries=None, folder=Path(folder))
    yield _mark(task, fit, budget=fit.queries, spent=fit.queries)


def by_own_answer(task: Task, budgets: Sequence[int]) -> Iterator[Mark]:
    """What a local model answers that one pass of the training images has taught: the same at every budget."""
    affordable = sorted(budget for budget in budgets if budget >= len(task.splits.train))
    if not affordable:
        return
    oracle = Counted(task.oracle, budget=affordable[0])
    imitation, fit = imitate_alone(sealed(task), oracle, start=_score_start(task, oracle))
    tested = score_test(replace(task, oracle=imitation), fit.prompt, fit.theta, fit.label_map)
    for budget in affordable:
        yield Mark(budget=budget, spent=oracle.spent, validation=None, test=tested)


def within(task: Task, budgets: Sequence[int], *, anytime: bool) -> Iterator[Mark]:
    """Spend each of ``budgets`` that the training images and a first look at validation fit into, in order."""
    least = len(task.splits.train) + len(task.splits.validation)
    wanted = sorted(budget for budget in budgets if budget >= least)
    if anytime and wanted:
        between = {stop for stop in STOPS if least <= stop < wanted[-1]}
        yield from _spend(task, sorted({*wanted, *between}), wanted)
    else:
        for budget in wanted:
            yield from _spend(task, [budget], [budget])


def score_test(task: Task, prompt: PixelPrompt, theta: Float, label_map: LabelMap) -> AccuracyRecord:
    """Score prompt and map on the test images, as the bytes that a service would get."""
    found = evaluate_overlay(_Laid(prompt, theta), task.oracle, label_map, task.splits.test).accuracy
    return AccuracyRecord(accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n)


def _spend(task: Task, stops: Sequence[int], marks: Sequence[int]) -> Iterator[Mark]:
    oracle = Counted(task.oracle, budget=stops[0])
    start = _score_start(task, oracle)
    with TemporaryDirectory() as folder:
        for stop in stops:
            oracle.budget = stop
            fit = _fit(task, oracle, start, queries=stop - len(start), folder=Path(folder))
            if stop in marks:
                yield _mark(task, fit, budget=stop, spent=oracle.spent)


def _fit(task: Task, oracle: Oracle, start: Scores, *, queries: int | None, folder: Path) -> Fit:
    checkpoint = folder / "checkpoint"
    # Validation is for selection alone here, as in the papers of the peers.
    return run_method(
        sealed(task), oracle, start=start, queries=queries, checkpoint=checkpoint, watch=unwatched, refit=False
    )


def _mark(task: Task, fit: Fit, *, budget: int, spent: int) -> Mark:
    test = score_test(task, fit.prompt, fit.theta, fit.label_map)
    return Mark(budget=budget, spent=spent, validation=best_accuracy(fit.history), test=test)


def _score_start(task: Task, oracle: Oracle) -> Scores:
    return oracle.query(_Laid(task.prompt, task.theta).apply(task.splits.train.images))


@dataclass(frozen=True, slots=True)
class _Laid:
    prompt: PixelPrompt
    theta: Float

    def apply(self, images: UInt8) -> UInt8:
        return self.prompt.apply(self.prompt.template.prepare(images), self.theta)
