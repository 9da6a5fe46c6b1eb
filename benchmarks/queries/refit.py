"""What the last word on the map is worth: the map alone, fitted to training images, and to validation's as well.

Every run does the second when selection is over; the grid does not, so that no row of it has seen validation.
"""

from __future__ import annotations

import msgspec

from bbprompt.evaluate import accuracy
from bbprompt.table import markdown_table
from bbprompt.task import Task
from benchmarks.machine import Machine
from benchmarks.queries.metrics import mean, paired_difference


class Refitted(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracies of the map alone on the test images of one task and seed.

    Attributes:
        train, both: images that the map was fitted to.
        before, after: accuracy of the map fitted to the first, and to both.
    """

    task: str
    seed: int
    train: int
    both: int
    before: float
    after: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    refitted: list[Refitted]


def measure(name: str, seed: int, task: Task) -> Refitted:
    """Measure an open task."""
    train, validation, test = task.splits.train, task.splits.validation, task.splits.test
    taught, held_out, unseen = (task.oracle.query(task.plain(part.images)) for part in (train, validation, test))
    maps = task.fit_map(taught, train.targets)
    anew = task.fit_map(*maps.with_more(held_out, validation.targets))
    return Refitted(
        task=name,
        seed=seed,
        train=len(train),
        both=len(train) + len(validation),
        before=accuracy(maps.whole(unseen.log()), test.targets).value,
        after=accuracy(anew.whole(unseen.log()), test.targets).value,
    )


def markdown(measured: Measured) -> str:
    """Means over seeds with 95 % intervals, differences paired by seed."""
    rows = []
    for task in dict.fromkeys(found.task for found in measured.refitted):
        of = [found for found in measured.refitted if found.task == task]
        before, after = [found.before for found in of], [found.after for found in of]
        images = f"{of[0].train} and {of[0].both}"
        gain = paired_difference(after, before)
        rows.append((task, str(len(of)), images, f"{mean(before):.3f}", f"{mean(after):.3f}", f"{gain:+.3f}"))
    heads = ("task", "seeds", "images", "training alone", "and validation", "gain")
    return markdown_table(heads, rows) + "\n"
