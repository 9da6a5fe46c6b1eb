"""Train, validation and test: disjoint, stratified, and the same for the same generator."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Int
from bbprompt.data.dataset import Splits
from bbprompt.data.listing import Pool
from bbprompt.data.source import Source
from bbprompt.errors import DataError


def split(
    source: Source,
    *,
    shots: int | None,
    validation: float,
    test: float | None,
    rng: np.random.Generator,
) -> Splits:
    """Split a source. Test is drawn first, then validation, then train: more shots move neither of the others.

    Args:
        source: its own test images are used where it has some; else test is split off the pool.
        shots: training images of each class; ``None`` for all that are left.
        validation: images in all if an int, a share of the pool if a float in (0, 1); every class in proportion.
        test: likewise, of the source's own test images where it has some; ``None`` for all of those.
        rng: same state, same splits.

    Raises:
        DataError: a size that cannot be met; the message names the class that has too few.
    """
    queues = _shuffled(source.pool, rng)
    if source.test is None:
        if test is None:
            raise DataError("this source has no test images of its own; say how many to split off: [data] test")
        _check_classes(queues, source.pool.classes, "training", "validation", "test")
        held_out = source.pool.take(_draw(queues, source.pool, test, "test"))
    else:
        _check_classes(queues, source.pool.classes, "training", "validation")
        own = _shuffled(source.test, rng)
        rows = np.arange(len(source.test)) if test is None else _draw(own, source.test, test, "test")
        held_out = source.test.take(rows)
    selection = source.pool.take(_draw(queues, source.pool, validation, "validation"))
    train = source.pool.take(_shots(queues, shots, source.pool.classes))
    return Splits(train=train, validation=selection, test=held_out)


def _check_classes(queues: list[Int], classes: tuple[str, ...], *parts: str) -> None:
    """Refuse a class with fewer images than parts: no sizes of these could mend it."""
    for queue, label in zip(queues, classes, strict=True):
        if len(queue) < len(parts):
            raise DataError(
                f"class {label!r} has {len(queue)} images, expected one or more each for {', '.join(parts)}; "
                "add some, or leave the class out"
            )


def _shuffled(dataset: Pool, rng: np.random.Generator) -> list[Int]:
    """Rows of each class in random order."""
    return [rng.permutation(np.flatnonzero(dataset.targets == i)) for i in range(len(dataset.classes))]


def _draw(queues: list[Int], dataset: Pool, size: float, name: str) -> Int:
    """Take ``size`` rows off the queues, each class in proportion to its images in ``dataset``."""
    counts = _allot(_count(size, len(dataset), name), dataset, name)
    for queue, count, label in zip(queues, counts, dataset.classes, strict=True):
        if count > len(queue):
            raise DataError(
                f"class {label!r} has {len(queue)} images left, but {name} takes {count}; lower [data] {name}"
            )
    return _take(queues, counts)


def _count(size: float, n: int, name: str) -> int:
    if isinstance(size, float) and 0 < size < 1:
        return round(size * n)
    if isinstance(size, int) and not isinstance(size, bool) and 0 < size <= n:
        return size
    raise DataError(f"{name} must be a count in 1..{n} (the images there are) or a share in (0, 1), got {size}")


def _allot(total: int, dataset: Pool, name: str) -> list[int]:
    """Shares of ``total`` in proportion, whole by largest remainder, at least one for each class."""
    c = len(dataset.classes)
    if total < c:
        raise DataError(
            f"{name} takes {total} images, expected one or more for each of {c} classes; raise [data] {name}"
        )
    shares = np.bincount(dataset.targets, minlength=c) * total / len(dataset)
    counts = np.maximum(np.floor(shares).astype(np.int64), 1)
    while counts.sum() < total:
        counts[np.argmax(shares - counts)] += 1
    while counts.sum() > total:
        counts[np.argmax(np.where(counts > 1, counts - shares, -np.inf))] -= 1
    return [int(count) for count in counts]


def _shots(queues: list[Int], shots: int | None, classes: tuple[str, ...]) -> Int:
    if shots is not None and shots < 1:
        raise DataError(f"shots must be at least 1 per class, got {shots}; leave it out for all")
    for queue, label in zip(queues, classes, strict=True):
        if len(queue) < (shots or 1):
            raise DataError(
                f"class {label!r} has {len(queue)} images left for training, but {shots or 1} are needed; "
                "lower [data] shots, validation or test"
            )
    return _take(queues, [len(queue) if shots is None else shots for queue in queues])


def _take(queues: list[Int], counts: list[int]) -> Int:
    """Take rows off the front of each queue; return them in rising order."""
    rows = np.concatenate([queue[:count] for queue, count in zip(queues, counts, strict=True)])
    queues[:] = [queue[count:] for queue, count in zip(queues, counts, strict=True)]
    return np.sort(rows)
