"""What a finished run had to show, kept while it goes on with a larger budget: the more may not be enough for better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bbprompt.atomic import write_atomically
from bbprompt.records import HISTORY, OVERLAY, HistoryRecord, best_accuracy, read_history

KEPT = {OVERLAY: "earlier.png", HISTORY: "earlier.jsonl"}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A finished run's prompt.

    Attributes:
        png: the file.
        history: of its looks at validation.
    """

    png: Path
    history: Sequence[HistoryRecord]

    def beats(self, history: Sequence[HistoryRecord]) -> bool:
        """Whether no look of ``history`` found more. Where that goes on from this one, its best was chosen of both."""
        continued = list(history[: len(self.history)]) == list(self.history)
        return not continued and best_accuracy(self.history) >= best_accuracy(history)


def keep(folder: Path) -> None:
    """Put the outcome of the run in ``folder`` aside, if it is there whole."""
    if all((folder / name).exists() for name in KEPT):
        for name, kept in KEPT.items():
            write_atomically(folder / kept, (folder / name).read_bytes())


def read(folder: Path) -> Earlier | None:
    """What was put aside; ``None`` if nothing was."""
    png, history = (folder / kept for kept in KEPT.values())
    if not (png.exists() and history.exists()):
        return None
    return Earlier(png, read_history(history))


def drop(folder: Path) -> None:
    """Forget it: there is an outcome again."""
    for kept in KEPT.values():
        (folder / kept).unlink(missing_ok=True)
