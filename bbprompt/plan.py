"""Where a budget goes, before a query is sent: what the figures need is set aside, training gets the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbprompt.errors import ConfigError
from bbprompt.labelmaps import LABEL_MAPS
from bbprompt.task import Task


@dataclass(frozen=True, slots=True)
class Plan:
    """Queries of each phase.

    Attributes:
        baseline: every training image without a prompt: the first label map. Where the map is calibrated, validation's,
            too, unless they are the first look's (``looked``). Of an oracle that varies, the image that was asked for
            first is asked for again.
        start: every training image with the prompt as it starts; 0 where that changes no pixel.
        fit: training and validation.
        test: every test image, without and with the prompt.
        spare: for retries, and for the requests that a kill leaves in flight. The fit is planned without them, so
            that a run that lost no more ends in the same prompt as one that lost none.
    """

    baseline: int
    start: int
    fit: int
    test: int
    spare: int

    @property
    def total(self) -> int:
        """The whole budget."""
        return self.baseline + self.start + self.fit + self.test + self.spare


def make_plan(task: Task) -> Plan:
    """Divide the run's budget of queries.

    Raises:
        ConfigError: no budget, or one too small for two looks at validation and a pair of probes.
    """
    budget = _queries(task)
    train, test = len(task.splits.train.targets), 2 * len(task.splits.test.targets)
    start = 0 if starts_plain(task) else train
    asked_twice = _calibrated(task) and not looked(task)
    baseline = train + len(task.splits.validation.targets) * asked_twice + task.spec.varies
    spare = _spare(task, budget)
    fit = budget - baseline - start - test - spare
    least = 2 * len(task.splits.validation.targets) + 2
    if fit < least:
        raise ConfigError(
            f"[budget] {_said(task, budget)} is too small: {baseline + start} for training images, {test} for the test, "
            f"{spare} spare and at least {least} to train and validate are {budget - fit + least}; "
            "raise it, or lower [data] shots, validation or test, or [budget] spare"
        )
    return Plan(baseline=baseline, start=start, fit=fit, test=test, spare=spare)


def price_at_most(task: Task, plan: Plan) -> float | None:
    """Return the most that a plan may cost in US dollars; ``None`` where the price is unknown.

    A search's requests are not always full, and one may hold a single image; the run's own limit holds in any case.
    """
    usd, limit = task.spec.usd(plan.total, requests=plan.total), task.config.budget.usd
    return usd if usd is None or limit is None else min(usd, limit)


def _queries(task: Task) -> int:
    """The budget in queries: as it is set, and no more than the budget in dollars buys, in requests that are full."""
    limit, usd, spec = task.config.budget.queries, task.config.budget.usd, task.spec
    price = spec.usd(spec.max_batch, requests=1)
    if usd is not None and price is None:
        raise ConfigError(
            f"[budget] usd = {usd:g} needs the service's price, and none is known; say it in [oracle] (usd_per_query, "
            "usd_per_image, ...), or set queries and leave usd out"
        )
    if usd is not None and price:
        bought = int(usd / price * spec.max_batch)
        limit = bought if limit is None else min(limit, bought)
    if limit is None:
        raise ConfigError("a query-only method needs a limit: set [budget] queries, as in queries = 5000")
    return limit


def _said(task: Task, queries: int) -> str:
    """The limit as the run file has it."""
    budget = task.config.budget
    return f"queries = {queries}" if budget.queries == queries else f"usd = {budget.usd:g}, {queries} queries,"


def _spare(task: Task, budget: int) -> int:
    """Three hundredths of the budget, and no less than a kill can lose, unless the run file says otherwise."""
    if task.config.budget.spare is not None:
        return task.config.budget.spare
    return max(2 * task.spec.max_batch * task.spec.max_in_flight, 3 * budget // 100)


def looked(task: Task) -> bool:
    """Whether the answers to the first look, which is in ``Plan.fit``, are there before it begins: the baseline's."""
    return _calibrated(task) and starts_plain(task) and not task.spec.varies


def _calibrated(task: Task) -> bool:
    return LABEL_MAPS[task.config.labels.map].calibrated


def starts_plain(task: Task) -> bool:
    """Whether the prompt, as it starts, leaves the training images as they are without any."""
    images = task.splits.train.images[:1]
    started = task.prompt.apply(task.prompt.template.prepare(images), task.theta)
    return bool(np.array_equal(started, task.plain(images)))
