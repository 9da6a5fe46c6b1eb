"""Every way in which the service fails: one entry in one table."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime

import numpy as np

from bbprompt.arrays import Float32
from benchmarks.faults.connection import Reply, Request
from benchmarks.faults.dialects import Dialect, Json, as_json, item

RIGHT = "right answer"
SILENT_S = 3.0
"""Longer than the clients here wait."""

SLOW_S = 0.15
HUGE = 4_000_000
BOMB = Reply(headers={"content-encoding": "gzip"}, content=gzip.compress(bytes(30_000_000)))
ELSEWHERE = "http://127.0.0.1:9/elsewhere"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for scores, understood.

    Attributes:
        values: the right scores, float32 (n, k).
    """

    dialect: Dialect
    request: Request
    values: Float32

    def answer(self, values: Float32 | None = None) -> Reply:
        """Return the answer of these scores, or of the right ones."""
        return self.dialect.right(self.request, self.values if values is None else values)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        reply: what is answered.
        billed: whether the service charges for the request.
        json_only: whether Open Inference has no place for it.
    """

    reply: Callable[[Asked], Reply]
    billed: bool = True
    json_only: bool = False


def refuse(status: int, **headers: str) -> Callable[[Asked], Reply]:
    """Return a fault that is a status, with some words in JSON."""
    words = as_json({"error": {"code": f"E{status}", "message": "no"}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: replace(words, status=status, headers={**words.headers, **named})


def wrong_width(asked: Asked) -> Reply:
    return asked.answer(np.pad(asked.values, [(0, 0), (0, 1)]))


def not_a_number(asked: Asked) -> Reply:
    values = asked.values.copy()
    values[-1, 0] = np.nan
    return asked.answer(values)


def doubled_items(asked: Asked) -> Reply:
    """The first item twice: in place of the last one, where there are several."""
    if not isinstance(asked.dialect, Json):
        return asked.answer(np.concatenate([asked.values, asked.values[:1]]))
    items = [item(number, row) for number, row in enumerate(asked.values)]
    return asked.dialect.results([items[0], *items[: max(1, len(items) - 1)]])


def reordered_items(asked: Asked) -> Reply:
    assert isinstance(asked.dialect, Json)
    items = [item(number, row) for number, row in enumerate(asked.values)]
    random.Random(len(items)).shuffle(items)
    return asked.dialect.results(items[::-1])


def failed_item(asked: Asked) -> Reply:
    assert isinstance(asked.dialect, Json)
    items = [item(number, row) for number, row in enumerate(asked.values)]
    items[-1] = {"n": len(items) - 1, "error": {"code": "OVERLOADED", "message": "this one did not work"}}
    return asked.dialect.results(items)


def late_label(asked: Asked) -> Reply:
    assert isinstance(asked.dialect, Json)
    items = [item(number, row) for number, row in enumerate(asked.values)]
    items[0]["tags"].append({"t": "zebra", "p": 0.5})
    return asked.dialect.results(items)


def compressed(asked: Asked) -> Reply:
    right = asked.answer()
    headers = {**right.headers, "content-encoding": "gzip"}
    return replace(right, headers=headers, content=gzip.compress(right.content, 1))


KINDS: Mapping[str, Kind] = {
    RIGHT: Kind(Asked.answer),
    "429": Kind(refuse(429), billed=False),
    "429 with Retry-After": Kind(refuse(429, retry_after="0.02"), billed=False),
    "429 with a date": Kind(lambda asked: refuse(429, retry_after=(now := _now()), date=now)(asked), billed=False),
    "500": Kind(refuse(500)),
    "503": Kind(refuse(503)),
    "503 with Retry-After": Kind(refuse(503, retry_after_ms="20")),
    "400": Kind(refuse(400)),
    "redirect": Kind(refuse(307, location=ELSEWHERE)),
    "reset": Kind(lambda _: Reply(reset=True)),
    "half an answer": Kind(lambda asked: replace(asked.answer(), share=0.5)),
    "slow answer": Kind(lambda asked: replace(asked.answer(), after_s=SLOW_S)),
    "silence": Kind(lambda asked: replace(asked.answer(), after_s=SILENT_S)),
    "wrong width": Kind(wrong_width),
    "NaN": Kind(not_a_number),
    "items doubled": Kind(doubled_items),
    "items reordered": Kind(reordered_items, json_only=True),
    "one item failed": Kind(failed_item, json_only=True),
    "200 with an error inside": Kind(lambda asked: asked.dialect.failed()),
    "a late label": Kind(late_label, json_only=True),
    "a page of HTML": Kind(lambda _: Reply(headers={"content-type": "text/html"}, content=b"<html>busy</html>")),
    "gzip": Kind(compressed),
    "gzip of 30 MB": Kind(lambda _: BOMB),
    "a huge body": Kind(lambda asked: replace(asked.answer(), content=asked.answer().content + b" " * HUGE)),
}


def _now() -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)


RARE = {"silence": 0.1, "slow answer": 0.5, "gzip of 30 MB": 0.2, "a huge body": 0.2}
"""Kinds that take long, and how often they come beside the others."""


def scheduled(seed: int, *, faulty: float, json: bool) -> Iterator[str]:
    """Return the kind of each request in turn: a share ``faulty`` of them is spread over all kinds but the right one."""
    kinds = [name for name, kind in KINDS.items() if name != RIGHT and (json or not kind.json_only)]
    weights = [RARE.get(name, 1.0) for name in kinds]
    chance = random.Random(seed)
    while True:
        yield chance.choices(kinds, weights)[0] if chance.random() < faulty else RIGHT
