"""Hold the service's books, what a client has used and its ledger against each other."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bbprompt.ledger import Budget, Ledger
from benchmarks.faults.books import Entry, Use, read
from benchmarks.faults.client import LEDGER
from benchmarks.faults.kinds import RIGHT

BOOKS = "books.log"
NEVER = float("inf")


class Figures(msgspec.Struct, kw_only=True):
    """What came of it, in images unless something else is said.

    Attributes:
        requests: that reached the service whole.
        faults: how many of them got what, by kind.
        kills: of the client.
        stops: of the client, by itself: a ledger that could not be written.
        asked: images in those requests.
        billed: of them the service charged for.
        used: answers that a client has got.
        lost: answers that were on disk, or that a client had got, and were missing or other later.
        twice: images that were asked for in a call that began when their answer was on disk; where no client is
            killed, every right answer to an image after its first.
        over: images billed, or counted as spent, beyond the budget.
        uncounted: images billed that the ledger does not count.
        wrong: answers that were used and are not the service's.
        in_flight: counted as spent by the ledger without knowing the answer, because a kill came before it was on disk.
        unbilled: counted as spent by the ledger, and not billed: it had to assume the worst.
    """

    requests: int = 0
    faults: dict[str, int] = msgspec.field(default_factory=dict)
    kills: int = 0
    stops: int = 0
    asked: int = 0
    billed: int = 0
    used: int = 0
    lost: int = 0
    twice: int = 0
    over: int = 0
    uncounted: int = 0
    wrong: int = 0
    in_flight: int = 0
    unbilled: int = 0

    def __add__(self, other: Figures) -> Figures:
        mine, theirs = (msgspec.structs.asdict(figures) for figures in (self, other))
        faults = dict(Counter(self.faults) + Counter(other.faults))
        return Figures(**{name: mine[name] + theirs[name] for name in mine if name != "faults"}, faults=faults)


@dataclass(slots=True)
class Audit:
    """Watches one ledger from its first kill to its end."""

    folder: Path
    budget: int
    varies: bool = False
    undisturbed: bool = False
    """No client is killed: then each image needs one right answer, however many ask for it at the same time."""
    lost: int = 0
    _held: dict[bytes, bytes] = field(default_factory=dict)
    _on_disk: dict[bytes, float] = field(default_factory=dict)
    """Since when an answer is known to be on disk."""

    def look(self) -> None:
        """Note what is on disk now; what was there before must be there, bit for bit."""
        held = self._read()
        self.lost += sum(held.get(key) != value for key, value in self._held.items())
        self._held = held
        for key in held:
            self._on_disk.setdefault(key, time.monotonic())

    def figures(self, *, kills: int, stops: int) -> Figures:
        """Return the figures of all that happened."""
        self.look()
        entries = list(read(self.folder / BOOKS, Entry))
        lives = [list(read(path, Use)) for path in sorted(self.folder.glob("uses*.log"))]
        uses = [use for life in lives for use in life]
        with Ledger.open(self.folder / LEDGER, budget=Budget()) as ledger:
            spent = ledger.spent
        billed = sum(len(entry.keys) for entry in entries if entry.billed)
        return Figures(
            requests=len(entries),
            faults=dict(Counter(entry.kind for entry in entries)),
            kills=kills,
            stops=stops,
            asked=sum(len(entry.keys) for entry in entries),
            billed=billed,
            used=sum(len(use.keys) for use in uses),
            lost=self.lost + (_differ(lives) if self.varies else self._missing(uses)),
            twice=self._twice(entries, uses),
            over=max(0, billed - self.budget) + max(0, spent.queries - self.budget),
            uncounted=max(0, billed - spent.queries),
            wrong=_wrong(entries, uses),
            in_flight=spent.lost + spent.in_flight,
            unbilled=max(0, spent.queries - billed),
        )

    def _missing(self, uses: Iterable[Use]) -> int:
        return sum(
            self._held.get(key) != value for use in uses for key, value in zip(use.keys, use.values, strict=True)
        )

    def _twice(self, entries: Iterable[Entry], uses: Iterable[Use]) -> int:
        if self.varies:
            return 0
        if self.undisturbed:
            right = Counter(key for entry in entries if entry.kind == RIGHT for key in entry.keys)
            return right.total() - len(right)
        calls = defaultdict[bytes, list[tuple[float, float]]](list)
        for use in uses:
            for key in use.keys:
                calls[key].append((use.began, use.at))
        return sum(_again(entry.at, self._since(key, calls), calls[key]) for entry in entries for key in entry.keys)

    def _since(self, key: bytes, calls: Mapping[bytes, list[tuple[float, float]]]) -> float:
        return min([self._on_disk.get(key, NEVER), *(at for _, at in calls[key])])

    def _read(self) -> dict[bytes, bytes]:
        """Beside the ledger's own code: what is in the file."""
        with closing(sqlite3.connect(f"file:{self.folder / LEDGER}?mode=ro", uri=True)) as sql:
            try:
                return dict(sql.execute("SELECT key, scores FROM answers"))
            except sqlite3.OperationalError:  # killed before it was made
                return {}


def _again(asked: float, since: float, calls: Iterable[tuple[float, float]]) -> bool:
    """Whether an image was asked for though its answer was there, and no call that began before that accounts for it."""
    return asked > since and not any(began <= since and asked <= at for began, at in calls)


def _differ(lives: Sequence[Sequence[Use]]) -> int:
    """Where answers vary, each life of a client makes the same calls again, and must get the same answers."""
    longest = max(lives, key=len)
    pairs = (pair for life in lives for pair in zip(life, longest, strict=False))
    return sum(a.keys != b.keys or a.values != b.values for a, b in pairs)


def _wrong(entries: Iterable[Entry], uses: Iterable[Use]) -> int:
    """Of a service that varies, any of its answers to an image is right."""
    right = defaultdict[bytes, set[bytes]](set)
    for entry in entries:
        for key, value in zip(entry.keys, entry.values, strict=True):
            right[key].add(value)
    return sum(value not in right[key] for use in uses for key, value in zip(use.keys, use.values, strict=True))
