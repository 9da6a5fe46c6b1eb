"""Answers: the task's classes where the model's labels stand, in the form that the adapter reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from bbprompt.arrays import Float32
from bbprompt.errors import BbpromptError, ConfigError
from bbprompt.oracle import FLOOR, OracleSpec, Scores, check_scores
from bbprompt.proxy.dialect import Message, Refusal, Relabel
from bbprompt_adapters.declarative.answer import NAMES, Reader, show
from bbprompt_adapters.declarative.backwards.writing import Node, parse_target, read, write
from bbprompt_adapters.declarative.files import AdapterFile
from bbprompt_adapters.declarative.paths import Path, optional_path
from bbprompt_adapters.declarative.poll import events
from bbprompt_adapters.declarative.verdict import decode

UNSCALED: dict[str, Callable[[float], float]] = {
    "unit": lambda value: value,
    "percent": lambda value: value * 100,
    "log": lambda value: math.log(max(value, FLOOR)),
}
EVENTS = "text/event-stream"
Ranking = list[tuple[str, float]]
"""Classes as answers name them, and their probabilities in the answers' scale, the most probable first."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Maps answers of one adapter.

    Attributes:
        adapter: whose ``[answer]``, ``[errors]``, ``[poll]`` and ``[mapped]`` are read.
        spec: of the oracle that it describes.
        reader: of an item's scores.
        paths: where they are written, see ``Paths``.
    """

    adapter: AdapterFile
    spec: OracleSpec
    reader: Reader
    paths: Paths

    def relabel(self, answer: Message, relabel: Relabel) -> Message:
        """See ``Dialect.relabel``."""
        try:
            if answer.media_type == EVENTS:
                return Message(self._events(answer.content, relabel), answer.headers)
            return self._document(answer, relabel)
        except BbpromptError as error:
            raise Refusal(str(error)) from error
        except LookupError as error:
            raise Refusal(f"there is {error} where its labels should be") from error

    def _document(self, answer: Message, relabel: Relabel) -> Message:
        body = decode(answer.content)
        if body is not msgspec.UNSET:
            return Message(msgspec.json.encode(self._body(body, relabel)), answer.headers)
        if self.adapter.poll is None:
            raise Refusal("it is no JSON")
        return answer  # what else is fetched where results are polled for

    def _events(self, content: bytes, relabel: Relabel) -> bytes:
        """A stream, with the event that holds the result mapped."""
        if self.adapter.poll is None or not self.adapter.poll.stream:
            raise Refusal("it is a stream of events; ask for one answer, or start the proxy with --labels pass")
        lines = []
        for name, data in events(content.decode("utf-8", "replace")):
            done = name == self.adapter.poll.done
            told = _encoded(self._mapped(decode(data.encode()), relabel)) if done else data
            lines += [f"event: {name}", *(f"data: {line}" for line in told.split("\n")), ""]
        return "\n".join([*lines, ""]).encode()

    def _body(self, body: Any, relabel: Relabel) -> Any:
        """A failure, and what is not ready, goes back as the API says it."""
        poll = self.adapter.poll
        if poll is not None and (poll.stream or (self.paths.pending and self.paths.pending(body))):
            return body
        if self.paths.ok is not None and not self.paths.ok(body):
            return body
        return self._mapped(body, relabel)

    def _mapped(self, body: Any, relabel: Relabel) -> Any:
        if self.paths.items is None:
            return self._item(body, relabel)
        items = read(self.paths.items, body)
        if not isinstance(items, list):
            raise Refusal(f"it has {show(items)} where a list of items was expected")
        return write(self.paths.items, body, [self._item(item, relabel) for item in items])

    def _item(self, item: Any, relabel: Relabel) -> Any:
        if self.paths.error is not None and self.paths.error(item):
            return item
        scores = check_scores(Scores(self.reader.rows([item]), self.spec.answer), self.spec, 1)
        probabilities = relabel(scores)[0]
        item = write(self.paths.scores, item, self._written(probabilities, relabel.classes))
        return self._repeated(item, self._ranking(probabilities, relabel.classes)[0])

    def _written(self, probabilities: Float32, classes: Sequence[str]) -> Any:
        ranking, unscaled = self._ranking(probabilities, classes), UNSCALED[self.adapter.answer.scale]
        match self.adapter.answer.shape:
            case "vector":
                return [unscaled(float(value)) for value in probabilities]
            case "mapping":
                return dict(ranking)
            case "label":
                return ranking[0][0]
        return [self._entry(name, score) for name, score in ranking]

    def _ranking(self, probabilities: Float32, classes: Sequence[str]) -> Ranking:
        names, unscaled = NAMES[self.adapter.answer.names](tuple(classes)), UNSCALED[self.adapter.answer.scale]
        order = np.argsort(-probabilities, kind="stable")
        return [(names[index], unscaled(float(probabilities[index]))) for index in order]

    def _entry(self, name: str, score: float) -> Any:
        return write(self.paths.score, write(self.paths.label, {}, name), score)

    def _repeated(self, item: Any, best: tuple[str, float]) -> Any:
        """Where an answer says its best label again, it says the best class."""
        for paths, value in zip(
            (self.paths.best, self.paths.best_score, self.paths.blank), (*best, None), strict=True
        ):
            for path in paths:
                if read(path, item) is not None:
                    item = write(path, item, value)
        return item


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Paths:
    """Where an answer's parts are read, and written."""

    items: Node | None
    scores: Node
    label: Node
    score: Node
    best: list[Node]
    best_score: list[Node]
    blank: list[Node]
    ok: Path | None
    error: Path | None
    pending: Path | None


def make_paths(adapter: AdapterFile) -> Paths:
    """Return the paths of an adapter.

    Raises:
        ConfigError: one cannot be written to.
    """
    answer, mapped, poll = adapter.answer, adapter.mapped, adapter.poll

    def targets(name: str) -> list[Node]:
        return [parse_target(text, where=f"[mapped] {name}") for text in getattr(mapped, name)]

    return Paths(
        items=None if answer.items is None else parse_target(answer.items, where="[answer] items"),
        scores=parse_target(answer.path, where="[answer] path"),
        label=parse_target(answer.label, where="[answer] label"),
        score=parse_target(answer.score, where="[answer] score"),
        best=targets("best"),
        best_score=targets("best_score"),
        blank=targets("blank"),
        ok=optional_path(adapter.errors.ok, where="[errors] ok"),
        error=optional_path(adapter.errors.item, where="[errors] item"),
        pending=optional_path(poll.pending if poll else None, where="[poll] pending"),
    )


def check_classes(adapter: AdapterFile, classes: Sequence[str]) -> None:
    """Refuse classes that an answer has no names for.

    Raises:
        ConfigError: there are more than letters.
    """
    if len(NAMES[adapter.answer.names](tuple(classes))) < len(classes):
        raise ConfigError(
            f"{adapter.about.name} answers letters, too few for {len(classes)} classes; --labels pass"
        )
