"""How far a run is, on standard error: a bar on a terminal, elsewhere a plain line about every tenth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bbprompt.table import money, percent

if TYPE_CHECKING:
    from rich.console import Console

TENTHS = 10
BLOCKS = 10


class Progress(Protocol):
    """What a loop tells of how far it is. Counts are totals, not steps; ``None`` leaves a value as it was."""

    def update(
        self,
        *,
        queries: int | None = None,
        best: float | None = None,
        hits: int | None = None,
        retries: int | None = None,
        usd: float | None = None,
    ) -> None:
        """Say how far it is.

        Args:
            queries: images scored so far.
            best: best validation accuracy so far, in [0, 1].
            hits: answers that came from the cache.
            retries: requests sent again.
            usd: US dollars spent; never told where the price is unknown.
        """


class Silent:
    """Shows nothing."""

    def update(
        self,
        *,
        queries: int | None = None,
        best: float | None = None,
        hits: int | None = None,
        retries: int | None = None,
        usd: float | None = None,
    ) -> None:
        """Show nothing."""


def tell(words: str) -> None:
    """Say one thing, on standard error."""
    from rich.console import Console

    Console(stderr=True).print(words, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(
    description: str, *, total: int, start: int = 0, unit: str = "queries", console: Console | None = None
) -> Iterator[Progress]:
    """Show progress while the block runs.

    Args:
        description: what goes on.
        total: images to score in all.
        start: how many of them were scored before, so that a resumed run's rate is not flattered.
        unit: what is counted.
        console: where to show it; standard error unless given.
    """
    from rich.console import Console as RichConsole

    console = console or RichConsole(stderr=True)
    tally = Tally(total=total, start=start, unit=unit)
    with (_bar if console.is_terminal else _lines)(console, description, tally) as show:
        yield _Shown(tally, show)


@dataclass(slots=True)
class Tally:
    """What is known of how far it is, and that in words."""

    total: int
    start: int = 0
    unit: str = "queries"
    clock: Callable[[], float] = time.monotonic
    done: int = field(init=False)
    known: dict[str, float] = field(default_factory=dict)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self.done, self._began = self.start, self.clock()

    @property
    def rate(self) -> float:
        """Images a second since the start; 0 before the first."""
        return (self.done - self.start) / max(self.clock() - self._began, 1e-9)

    def words(self, width: int | None = None) -> str:
        """One line, without what is not known, nor what does not fit into ``width`` letters."""
        parts = [f"{self.done:,}/{self.total:,} {self.unit}"]
        if self.rate > 0:
            left = timedelta(seconds=round(max(0, self.total - self.done) / self.rate))
            parts += [f"{self.rate:.3g}/s" if self.rate < 100 else f"{self.rate:,.0f}/s", f"{left} left"]
        parts += [say(self.known[name]) for name, say in WORDS.items() if name in self.known]
        while width is not None and len(", ".join(parts)) > width and len(parts) > 1:
            parts.pop()
        return ", ".join(parts)


WORDS: dict[str, Callable[[float], str]] = {
    "best": lambda value: f"best {percent(value)}",
    "usd": money,
    "hits": lambda value: f"{value:,.0f} cached",
    "retries": lambda value: f"{value:,.0f} {'retry' if value == 1 else 'retries'}",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    tally: Tally
    show: Callable[[], None]

    def update(
        self,
        *,
        queries: int | None = None,
        best: float | None = None,
        hits: int | None = None,
        retries: int | None = None,
        usd: float | None = None,
    ) -> None:
        told = {"best": best, "hits": hits, "retries": retries, "usd": usd}
        self.tally.done = self.tally.done if queries is None else queries
        self.tally.known.update({name: value for name, value in told.items() if value is not None})
        self.show()


@contextmanager
def _bar(console: Console, description: str, tally: Tally) -> Iterator[Callable[[], None]]:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    what = TextColumn("{task.description}", markup=False)
    words = TextColumn("{task.fields[words]}", markup=False)

    def said() -> str:
        return tally.words(width=console.width - len(description) - BLOCKS - 2)

    # Standard output stays alone: with --json it carries one object and nothing else.
    with Bar(what, BarColumn(bar_width=BLOCKS), words, console=console, redirect_stdout=False) as bar:
        task = bar.add_task(description, total=tally.total, completed=tally.done, words=said())
        yield lambda: bar.update(task, completed=tally.done, words=said())


@contextmanager
def _lines(console: Console, description: str, tally: Tally) -> Iterator[Callable[[], None]]:
    said = tally.done

    def say() -> None:
        nonlocal said
        said = tally.done
        console.out(f"{description}: {tally.words()}", highlight=False)

    def show() -> None:
        if tally.done * TENTHS // max(1, tally.total) > said * TENTHS // max(1, tally.total):
            say()

    yield show
    if said != tally.done:
        say()
