"""One run, as data flows: open, pre-flight, no prompt, fit, PNG, read back, test once, write down."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec

from bbprompt import earlier
from bbprompt.config import RunConfig
from bbprompt.data.digest import digest_splits
from bbprompt.evaluate import Evaluation, average, judge, score_under
from bbprompt.fit import Fit
from bbprompt.fit.outlook import outlook
from bbprompt.fit.selection import Watch
from bbprompt.label_digests import digest_labels
from bbprompt.labelmaps import CrossFit, load_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.ledger import Aside, Budget, Ledger
from bbprompt.ledger.money import NOTHING
from bbprompt.matching import IMAGES, read_matching
from bbprompt.methods import AUTO, GRADIENT, check_method, gradient_settings, run_method, settle_size
from bbprompt.oracle import Oracle, Scores, count_blank
from bbprompt.outcome import make_result, score_test, write_outcome
from bbprompt.overlay import Overlay, OverlayMeta, read_overlay, write_overlay
from bbprompt.plan import Plan, looked, make_plan, starts_plain
from bbprompt.progress import progress, tell
from bbprompt.records import (
    CHECKPOINT,
    LEDGER,
    OVERLAY,
    RESULT,
    Costs,
    Outlook,
    ResultRecord,
    RunRecord,
    load_run,
)
from bbprompt.run_oracle import check_whose, open_ledgered, oracle_beside
from bbprompt.runfolder import alone, claim, finished, images_of, renew
from bbprompt.table import outlook_words
from bbprompt.task import Task, open_task
from bbprompt.wrappers import Cached, Judging, Replayed, aside, read_replayed

WITHOUT_TORCH = (
    "auto needs no torch, which is not installed here; what it would add is a student: with bbprompt[torch] and a local "
    "model of the service's own family, [fit] student = 'local-model' has got further for as many queries"
)


def fit_run(config: RunConfig, folder: Path, *, resume: bool = False, replay: Path | None = None) -> RunRecord:
    """Carry out a run and leave its files in ``folder``; a finished one is read, not run again.

    Args:
        config: the run file's content.
        folder: a new one, or with ``resume`` one that holds this run, unfinished.
        resume: go on with what was interrupted, or with a larger budget.
        replay: the folder of a run whose ledger holds every answer: no service is asked, nothing is paid again.

    Raises:
        ConfigError: the run file or the folder cannot be used.
        DataError: the images cannot be used.
        BudgetExhausted: the budget ended before there was a prompt to keep.
        OracleError: the oracle failed for good. What was paid for is kept, and ``resume`` goes on from it.
    """
    started = time.perf_counter()
    if finished(folder, config, resume=resume):
        return load_run(folder)
    task, plan = open_run(config, oracle=_replayed(replay) if replay else None)
    check_whose(task, folder / LEDGER)
    claim(folder, task.config, images=digest_splits(task.splits), resume=resume)
    with alone(folder):
        renew(folder, task.config)
        task = settle_size(task, folder)
        if replay and not (folder / LEDGER).exists():
            with Ledger.open_to_read(replay / LEDGER) as ledger:
                ledger.copy_to(folder / LEDGER)
        _carry_out(task, plan, folder, started=started)
    return load_run(folder)


def open_run(config: RunConfig, *, oracle: Oracle | None = None) -> tuple[Task, Plan | None]:
    """Open a run, with ``oracle`` if that is given, and divide its budget; gradients have none. Nothing is queried.

    Raises:
        ConfigError, DataError, OracleError: as ``fit_run``, before a query.
    """
    task = open_task(config, oracle=oracle)
    check_method(task)
    return task, None if config.fit.method == GRADIENT else make_plan(task)


def _replayed(folder: Path) -> Replayed:
    result = folder / RESULT
    ended = result.exists() and msgspec.json.decode(result.read_bytes(), type=ResultRecord).stopped == "budget"
    return read_replayed(folder / LEDGER, ended=ended)


def _carry_out(task: Task, plan: Plan | None, folder: Path, *, started: float) -> None:
    with open_ledgered(task, folder, aside=_aside(task, plan)) as oracle:
        baseline, ahead, fit = _learn(task, oracle, plan, folder)
    write_overlay(folder / OVERLAY, _chosen(task, fit, folder))
    overlay = read_overlay(folder / OVERLAY)
    with open_ledgered(task, folder) as oracle:
        tested = score_test(task, oracle, overlay, baseline)
    costs = _costs(task, folder, fit, seconds=time.perf_counter() - started)
    result = make_result(task, fit, overlay.template, tested, costs, outlook=ahead)
    write_outcome(folder, result, fit, tested.examples)
    earlier.drop(folder)


def _chosen(task: Task, fit: Fit, folder: Path) -> Overlay:
    """The fit's prompt; an earlier one, where the budget ended before anything better."""
    before = earlier.read(folder)
    if before is None or fit.stopped != "budget" or not before.beats(fit.history):
        return _overlay(task, fit, images_of(folder))
    tell("the larger budget ended before there was anything better: the earlier prompt stays")
    return read_overlay(before.png)


def _aside(task: Task, plan: Plan | None) -> Aside:
    """What the test takes."""
    images = len(task.splits.test)
    return aside(task.spec, images, images) if plan else NOTHING


def _learn(task: Task, oracle: Oracle, plan: Plan | None, folder: Path) -> tuple[LabelMap, Outlook | None, Fit]:
    """Score the unprompted training images, fit the best map without a prompt, then learn the prompt."""
    train = task.splits.train
    plain = task.plain(train.images)
    oracle.query(plain[:1])  # a wrong key or URL fails here, before money is spent
    unprompted = oracle.query(plain)
    if blank := count_blank(unprompted, task.spec):
        tell(
            f"the service names no label for {blank} of {len(train.targets)} training images; that counts as an answer"
        )
    maps = task.fit_map(unprompted, train.targets)
    baseline = _baseline(task, oracle, maps)
    start = unprompted if starts_plain(task) else _score_start(task, oracle)
    ahead = _look_ahead(task, maps, plan)
    with _bar(task, oracle, plan) as watch:
        fit = run_method(
            task,
            oracle,
            start=start,
            queries=plan.fit if plan else None,
            looked=looked(task),
            judging=Judging(oracle, oracle.ledger, _aside(task, plan)) if isinstance(oracle, Cached) else None,
            checkpoint=folder / CHECKPOINT,
            watch=watch,
        )
    if plan is not None and fit.stopped == "done" and fit.queries <= len(task.splits.validation.targets):
        tell(
            f"no prompt was tried: the fit's {plan.fit:,} queries hold none beside a look at validation; raise [budget]"
        )
    return baseline, ahead, fit


def _baseline(task: Task, oracle: Oracle, maps: CrossFit) -> LabelMap:
    """The best map without a prompt, fitted to as many images as a prompt's will be; see ``Selection.refit``."""
    if not maps.whole.calibrated:
        return maps.whole
    validation = task.splits.validation
    held_out = oracle.query(task.plain(validation.images))
    return task.fit_map(*maps.with_more(held_out, validation.targets)).whole


def _look_ahead(task: Task, maps: CrossFit, plan: Plan | None) -> Outlook | None:
    """Tell what a prompt is likely to add, while nothing is spent on one."""
    if plan is None or task.config.fit.method != AUTO:
        return None
    ahead = outlook(maps, queries=plan.fit, pixels=math.prod(task.spec.input_size))
    tell(outlook_words(ahead))
    if find_spec("torch") is None:
        tell(WITHOUT_TORCH)
    return ahead


@contextmanager
def _bar(task: Task, oracle: Oracle, plan: Plan | None) -> Iterator[Watch]:
    """Show how far the training is; for queries also what was cached and sent again."""
    if plan is None:
        passes = len(task.splits.train.targets) * gradient_settings(task).epochs
        with progress("training", total=passes, unit="passes") as bar:
            yield lambda seen, best: bar.update(queries=seen, best=best)
    else:
        assert isinstance(oracle, Cached)
        counters, ledger = oracle.counters, oracle.ledger
        with progress("training", total=plan.fit) as bar:
            yield lambda asked, best: bar.update(
                queries=asked, best=best, hits=counters.hits, retries=counters.retries, usd=ledger.spent.usd
            )


def _score_start(task: Task, oracle: Oracle) -> Scores:
    prepared = task.prompt.template.prepare(task.splits.train.images)
    return oracle.query(task.prompt.apply(prepared, task.theta))


def _overlay(task: Task, fit: Fit, images: dict[str, str]) -> Overlay:
    training = {"method": task.config.fit.method, "seed": task.config.seed, "queries": fit.history[-1].queries}
    return Overlay(
        template=fit.prompt.template,
        levels=fit.prompt.levels(fit.theta),
        meta=OverlayMeta(
            classes=task.classes,
            label_map=fit.label_map.state(),
            oracle=task.spec.name,
            training=training | digest_labels(task.spec.labels) | ({IMAGES: images} if images else {}),
        ),
    )


def _costs(task: Task, folder: Path, fit: Fit, *, seconds: float) -> Costs:
    budget = task.config.budget
    if task.config.fit.method == GRADIENT:
        return Costs(queries=None, passes=fit.queries, budget=None, usd=None, seconds=seconds)
    with Ledger.open(folder / LEDGER, budget=Budget(queries=budget.queries, usd=budget.usd)) as ledger:
        spent = ledger.spent
    return Costs(queries=spent.queries, passes=None, budget=budget.queries, usd=spent.usd, seconds=seconds)


def evaluate_png(png: Path, config: RunConfig, *, split: str, other_images: bool = False) -> Evaluation:
    """Score the PNG on one split of the run's images, through the ledger beside it if the run pays for queries.

    Raises:
        OverlayError: the file is no prompt.
        ConfigError, DataError: as ``evaluate_ensemble``.
    """
    return evaluate_ensemble([png], config, split=split, other_images=other_images)


def evaluate_ensemble(
    pngs: Sequence[Path], config: RunConfig, *, split: str, other_images: bool = False
) -> Evaluation:
    """Score several PNGs, each with its own map and through the ledger beside it; their mean probability decides.

    Each PNG has every image scored: k of them cost k times the queries of one, here and wherever they are used.

    Args:
        pngs: of the prompts.
        config: the run file's content.
        split: "train", "validation" or "test".
        other_images: whether images that are not the run's are scored on purpose; none may have been trained on.

    Raises:
        OverlayError: a file is no prompt.
        ConfigError: a prompt was made for another size, other classes or other labels.
        DataError: the images cannot be used, or are not those of a prompt's run, unasked.
    """
    task = open_task(config)
    images = getattr(task.splits, split)
    overlays = read_matching(pngs, task, split=None if other_images else split)
    for png in pngs:
        check_whose(task, png.parent / LEDGER)
    found = []
    for png, overlay in zip(pngs, overlays, strict=True):
        with oracle_beside(png, task) as oracle:
            found.append(score_under(overlay, oracle, load_label_map(overlay.meta.label_map), images.images))
    return judge(found[0] if len(found) == 1 else average(found), images, queries=len(found) * len(images))
