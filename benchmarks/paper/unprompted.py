"""Answers to unprompted images, which every row of a column needs and none needs anew."""

from __future__ import annotations

import msgspec

from bbprompt.oracle import Scores
from bbprompt.task import Task


class Unprompted:
    """Answers to unprompted training and test images: the maps of a column follow each other and share them."""

    def __init__(self) -> None:
        self._key = b""
        self._scores: tuple[Scores, ...] = ()

    def of(self, task: Task) -> tuple[Scores, ...]:
        """Score them, unless they were the last that were scored."""
        key = msgspec.json.encode((task.config.seed, task.config.oracle, task.config.data))
        if key != self._key:
            parts = (task.splits.train, task.splits.test)
            self._scores = tuple(task.oracle.query(task.plain(part.images)) for part in parts)
            self._key = key
        return self._scores


UNPROMPTED = Unprompted()
