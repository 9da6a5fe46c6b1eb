"""A run as an experiment tracker sees it: settings, points as they come, and what it shows in the end.

A sink is one function, found by entry point (group ``bbprompt.sinks``)::

    def log(run: TrackedRun, options: Mapping[str, object]) -> str

It sends ``run.settings``, then every point of ``run.points``, then ``run.outcome()``, and returns where that can be seen.
While a run goes on, ``run.points`` waits for the next, so one and the same function serves a run that is finished and one
that is followed. What ``bbprompt.public`` holds back is in none of it: trackers are often somebody else's machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bbprompt.arrays import UInt8
from bbprompt.checkpoint import load_state
from bbprompt.config import load_config
from bbprompt.errors import BbpromptError, DataError, UsageError
from bbprompt.overlay import decode_overlay, encode_overlay
from bbprompt.png import decode_png, open_png
from bbprompt.public import Scalar, public_overlay, public_settings
from bbprompt.records import (
    CHECKPOINT,
    HISTORY,
    RESULT,
    RUN_FILE,
    HistoryRecord,
    ResultRecord,
    load_run,
    read_history,
)
from bbprompt.registry import find_sink
from bbprompt.report.pictures import stretched

POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """One look at validation.

    Attributes:
        step: queries so far; for gradients, images passed forward. It only grows.
        values: "validation/accuracy", its interval, and "training/loss" in nats once there is one.
    """

    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run shows.

    Attributes:
        step: of its last point.
        values: "test/accuracy", its interval, "test/no_prompt_accuracy", and what is known of "cost/queries",
            "cost/passes", "cost/usd" and "cost/seconds".
        png: the prompt, a file's content.
        picture: uint8, (h, w, 3) or (h, w, 4): the prompt with its contrast stretched, to look at.
    """

    step: int
    values: Mapping[str, float]
    png: bytes
    picture: UInt8


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What a sink gets.

    Attributes:
        name: of the run's folder.
        folder: the run's; a sink that writes files may put them there.
        settings: from the run file, as "table.key".
        points: each as soon as it is there; ends with the run, or with what there is of it.
        outcome: to be called after the last point; ``None`` if the run has not finished.
    """

    name: str
    folder: Path
    settings: Mapping[str, Scalar]
    points: Iterator[Point]
    outcome: Callable[[], Outcome | None]


def track(
    folder: Path, *, follow: bool = False, wait: Callable[[], object] = lambda: time.sleep(POLL_S)
) -> TrackedRun:
    """Open a run, finished or not.

    Args:
        folder: the run's.
        follow: wait for what comes until the run has finished.
        wait: how to.

    Raises:
        DataError: there is no run.
    """
    if not (folder / RUN_FILE).exists():
        raise DataError(f"{folder} holds no run: {RUN_FILE} is missing; give the --out of bbprompt fit")
    return TrackedRun(
        name=folder.resolve().name,
        folder=folder,
        settings=public_settings(load_config(folder / RUN_FILE)),
        points=_points(folder, follow=follow, wait=wait),
        outcome=lambda: _outcome(folder) if (folder / RESULT).exists() else None,
    )


def send(run: TrackedRun, sink: str, options: Mapping[str, object]) -> str:
    """Send a run to the tracker called ``sink``; return where it can be seen.

    Raises:
        ConfigError: an unknown tracker or option, or a package that is not installed.
        UsageError: the tracker failed.
    """
    log = find_sink(sink)
    try:
        return log(run, options)
    except BbpromptError:
        raise
    except Exception as error:  # each tracker has its own
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"{sink} could not take the run ({type(error).__name__}: {reason}); the run is as it was, send it again"
        ) from error


def _points(folder: Path, *, follow: bool, wait: Callable[[], object]) -> Iterator[Point]:
    sent, finished = 0, False
    while not finished:
        finished = (folder / RESULT).exists() or not follow
        looks = _looks(folder)
        yield from map(_point, looks[sent:])
        sent = len(looks)
        if not finished:
            wait()


def _looks(folder: Path) -> list[HistoryRecord]:
    """The looks so far: in the history once the run has finished, before that in its checkpoint."""
    if (folder / RESULT).exists():
        return read_history(folder / HISTORY)
    if (folder / CHECKPOINT).exists():
        return msgspec.convert(load_state(folder / CHECKPOINT)["selection"]["history"], list[HistoryRecord])
    return []


def _point(look: HistoryRecord) -> Point:
    values = {
        "validation/accuracy": look.accuracy.accuracy,
        "validation/accuracy_low": look.accuracy.low,
        "validation/accuracy_high": look.accuracy.high,
        "training/loss": look.loss,
    }
    return Point(look.queries, _known(values))


def _outcome(folder: Path) -> Outcome:
    run = load_run(folder)
    overlay = public_overlay(decode_overlay(run.overlay_png))
    return Outcome(
        step=run.history[-1].queries if run.history else 0,
        values=_figures(run.result),
        png=encode_overlay(overlay),
        picture=decode_png(open_png(stretched(run.overlay_png))),
    )


def _figures(result: ResultRecord) -> dict[str, float]:
    costs = result.costs
    return _known(
        {
            "test/accuracy": result.prompt.accuracy,
            "test/accuracy_low": result.prompt.low,
            "test/accuracy_high": result.prompt.high,
            "test/no_prompt_accuracy": result.no_prompt.accuracy,
            "cost/queries": costs.queries,
            "cost/passes": costs.passes,
            "cost/usd": costs.usd,
            "cost/seconds": costs.seconds,
        }
    )


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}
