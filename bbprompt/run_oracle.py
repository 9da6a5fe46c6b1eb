"""A run's oracle: the task's, behind the ledger in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bbprompt.errors import ConfigError
from bbprompt.ledger import Aside, Budget, Ledger, may_write
from bbprompt.ledger.money import NOTHING
from bbprompt.methods import GRADIENT
from bbprompt.oracle import Oracle
from bbprompt.records import LEDGER
from bbprompt.task import Task
from bbprompt.wrappers import Cached, Held, Replayed, paid


@contextmanager
def open_ledgered(task: Task, folder: Path, *, aside: Aside = NOTHING) -> Iterator[Oracle]:
    """The task's oracle; unless it is local and differentiated, behind the ledger, which leaves ``aside``."""
    if task.config.fit.method == GRADIENT:
        yield task.oracle
    else:
        with Ledger.open(folder / LEDGER, budget=_budget(task)) as ledger:
            ledger.aside = aside
            yield paid(task.oracle, ledger)


@contextmanager
def oracle_beside(png: Path, task: Task) -> Iterator[Oracle]:
    """The task's oracle behind the ledger beside a prompt; one that may only be read gives what it holds."""
    ledger = png.parent / LEDGER
    if task.config.fit.method == GRADIENT or not ledger.exists() or may_write(ledger):
        with open_ledgered(task, png.parent) as oracle:
            yield oracle
    else:
        with Ledger.open_to_read(ledger) as held:
            yield Cached(Held(task.spec, ledger), held)


def check_whose(task: Task, ledger: Path) -> None:
    """Refuse to pay again, unasked, for what a ledger holds of a service that has another name now."""
    if task.config.fit.method == GRADIENT or not ledger.exists():
        return
    with Ledger.open_to_read(ledger) as opened:
        names = [charge.oracle for charge in opened.bill()]
    if names and task.spec.name not in names:
        raise ConfigError(
            f"{ledger} holds answers of {names[0]}, and this is {task.spec.name}: all would be paid for again; give the "
            "address and the adapter file that they came from, or another folder (to score a prompt on another service, "
            "copy it into one)"
        )


def _budget(task: Task) -> Budget:
    """The run's; a replay needs none, as it can pay for nothing."""
    if isinstance(task.oracle, Replayed):
        return Budget()
    return Budget(queries=task.config.budget.queries, usd=task.config.budget.usd)
