"""From the body of an answer to one row of scores per image."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bbprompt.arrays import Float32
from bbprompt.errors import AnswerError
from bbprompt.oracle import as_float32
from bbprompt_adapters.declarative.paths import Path, optional_path, parse_path
from bbprompt_adapters.declarative.schema import Answer

SHOWN = 60
SCALES: dict[str, Callable[[float], float]] = {
    "unit": lambda value: value,
    "percent": lambda value: value / 100,
    "log": lambda value: math.exp(min(value, 0.0)),
}


@dataclass(frozen=True, slots=True)
class Items:
    """Splits a body into one item per image, in the images' order."""

    items: Path | None
    position: Path | None

    def __call__(self, body: object, n: int) -> list[Any]:
        """Return n items.

        Raises:
            AnswerError: other than n items, or positions that are not 0 to n - 1, once each.
        """
        found = [body] if self.items is None else self.items(body)
        if not isinstance(found, list) or len(found) != n:
            got = f"{len(found)} items" if isinstance(found, list) else show(found)
            where = "" if self.items is None else _looked("items", self.items, body)
            raise AnswerError(f"expected a list of {n} items, one per image, got {got}{where}")
        return found if self.position is None else _in_order(found, [self.position(item) for item in found])


def _in_order(items: list[Any], positions: list[Any]) -> list[Any]:
    if not all(type(p) is int for p in positions) or sorted(positions) != list(range(len(items))):
        raise AnswerError(f"expected items numbered 0 to {len(items) - 1}, once each, got {show(positions)}")
    return [item for _, item in sorted(zip(positions, items, strict=True), key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows of scores as an adapter's ``[answer]`` says.

    Attributes:
        settings: the table.
        columns: from what stands for a label in answers to its column.
        items: splits a body.
        path: from an item to its scores.
        label, score: within an object of a list.
        fill: the score of a label that is not listed; ``None`` if all must be.
    """

    settings: Answer
    columns: Mapping[str, int]
    items: Items
    path: Path
    label: Path
    score: Path
    fill: float | None

    def rows(self, items: Sequence[Any]) -> Float32:
        """Return float32 (n, k); NaN or ``fill`` where a label was not listed.

        Raises:
            AnswerError: an item is not what ``[answer]`` says.
        """
        rows = [self._row(item) for item in items]
        return as_float32(rows).reshape(len(items), len(self.columns))

    def _row(self, item: object) -> list[float]:
        found = self.path(item)
        if found is None:
            raise AnswerError(f"expected labels or scores, got nothing{_looked('path', self.path, item)}")
        if self.settings.shape == "vector":
            return self._vector(found)
        row: list[float | None] = [None] * len(self.columns)
        for name, score in SHAPES[self.settings.shape](self, found):
            column = self._column(name)
            if column is not None:
                row[column] = self._merge(row[column], self._scaled(score), name)
        if self._names_others(row):
            return [1 / len(row)] * len(row)
        return [self._filled(column, value) for column, value in enumerate(row)]

    def _names_others(self, row: list[float | None]) -> bool:
        """Whether the likeliest labels of an open vocabulary are all others: ours share the rest, which is not told."""
        likeliest = self.settings.kind == "top_k" and self.settings.open_vocabulary
        return likeliest and all(value is None for value in row)

    def _vector(self, found: object) -> list[float]:
        if not isinstance(found, list) or len(found) != len(self.columns):
            got = f"{len(found)} numbers" if isinstance(found, list) else show(found)
            raise AnswerError(
                f"expected {len(self.columns)} numbers, one per label, got {got}; check [oracle] labels"
            )
        return [self._scaled(value) for value in found]

    def pairs(self, found: object) -> Iterator[tuple[object, object]]:
        """Return the labels and scores of a list of objects."""
        if not isinstance(found, list):
            raise AnswerError(f"expected a list of labels and scores, got {show(found)}")
        for entry in found:
            name, score = self.label(entry), self.score(entry)
            if name is None or score is None:
                key, path = ("label", self.label) if name is None else ("score", self.score)
                raise AnswerError(f"expected a {key}, got nothing{_looked(key, path, entry)}")
            yield name, score

    def _column(self, name: object) -> int | None:
        known = self.columns.get(self._normal(name))
        if known is None and not self.settings.open_vocabulary:
            raise AnswerError(f"answered the label {show(name)}, which is not among [oracle] labels; add it there")
        return known

    def _normal(self, name: object) -> str:
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise AnswerError(f"expected a label, got {show(name)}")
        # A language model writes the same letter as "A", " A" or "a".
        return str(name).strip().upper() if self.settings.names == "letter" else str(name)

    def _scaled(self, score: object) -> float:
        if isinstance(score, bool) or not isinstance(score, int | float):
            raise AnswerError(f"expected a number as score, got {show(score)}")
        return SCALES[self.settings.scale](_float(score))

    def _merge(self, before: float | None, score: float, name: object) -> float:
        if before is None:
            return score
        if self.settings.repeated == "refuse":
            raise AnswerError(f"answered the label {show(name)} twice")
        return before + score if self.settings.repeated == "add" else max(before, score)

    def _filled(self, column: int, value: float | None) -> float:
        if value is not None:
            return value
        if self.fill is None:
            name = list(self.columns)[column]
            raise AnswerError(f"answered no score for {name!r}, expected one for each of [oracle] labels")
        return self.fill


SHAPES: dict[str, Callable[[Reader, Any], Iterator[tuple[object, object]]]] = {
    "list": Reader.pairs,
    "mapping": lambda _, found: iter(_mapping(found).items()),
    "label": lambda _, found: iter([(found, 1.0)]),
}


def make_reader(settings: Answer, labels: tuple[str, ...], *, fill: float | None) -> Reader:
    """Return what reads the answers of an adapter with so many labels."""
    # A vector's labels are only counted, and two of ImageNet's bear the same name.
    names = "number" if settings.shape == "vector" else settings.names
    return Reader(
        settings,
        {name: column for column, name in enumerate(NAMES[names](labels))},
        make_items(settings.items, settings.position),
        parse_path(settings.path, where="[answer] path"),
        parse_path(settings.label, where="[answer] label"),
        parse_path(settings.score, where="[answer] score"),
        fill,
    )


def make_items(items: str | None, position: str | None) -> Items:
    """Return what splits a body."""
    return Items(optional_path(items, where="[answer] items"), optional_path(position, where="[answer] position"))


NAMES: dict[str, Callable[[tuple[str, ...]], Sequence[str]]] = {
    "label": lambda labels: labels,
    "letter": lambda labels: string.ascii_uppercase[: len(labels)],
    "number": lambda labels: [str(column) for column in range(len(labels))],
}


def show(value: object) -> str:
    """Return a value of an answer, shortened to what a message can hold."""
    text = _kind(value) if isinstance(value, list | dict) else _written(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _written(value: object) -> str:
    """What Python writes for a value, where it writes it: of a number with thousands of digits it does not."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"


def _kind(value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, dict):
        return f"an object with the keys {', '.join(map(_written, list(value)[:5])) or 'none'}"
    return f"a list of {len(value)} beginning with {_written(value[:3])[:SHOWN]}"


def _looked(key: str, path: Path, where: object) -> str:
    return f"; [answer] {key} = {path.text[:120]!r} looked in {show(where)}"


def _mapping(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise AnswerError(f"expected an object from label to score, got {show(found)}")
    return found


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
