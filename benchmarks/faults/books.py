"""What the service wrote down: the truth that a client's ledger is compared with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One request that came whole, written down before it is answered.

    Attributes:
        at: seconds of the machine's monotonic clock, which all of its processes share.
        kind: what it got.
        billed: whether it is charged for.
        keys: ``image_key`` of each image.
        values: each image's right scores, float32.
    """

    at: float
    kind: str
    billed: bool
    keys: list[bytes]
    values: list[bytes]


class Use(msgspec.Struct, frozen=True, array_like=True):
    """Answers that a client has got or, after an error, found in its ledger; written down at once.

    Attributes:
        began: seconds of the same clock: when it called for them.
        at: when it had them.
        keys: ``image_key`` of each image.
        values: each image's scores, float32.
    """

    began: float
    at: float
    keys: list[bytes]
    values: list[bytes]


R = TypeVar("R", Entry, Use)


class Log:
    """A file that one process appends to; what is written stays, even if the process is killed next."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, record: Entry | Use) -> None:
        """Append one record, in one write."""
        content = msgspec.msgpack.encode(record)
        content = len(content).to_bytes(4, "big") + content
        assert os.write(self._file, content) == len(content)


def read(path: Path, kind: type[R]) -> Iterator[R]:
    """Return what was written so far; a record that is just being written is left out."""
    content, at = path.read_bytes() if path.exists() else b"", 0
    while at + 4 <= len(content) and (end := at + 4 + int.from_bytes(content[at : at + 4], "big")) <= len(content):
        yield msgspec.msgpack.decode(content[at + 4 : end], type=kind)
        at = end
