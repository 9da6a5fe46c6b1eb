"""Who holds a reservation: a handle of a process, and whether it can still be settled."""

from __future__ import annotations

import os
import uuid
from typing import Self

import msgspec
import psutil

SAME_START_S = 10.0
"""Two processes of one number start farther apart. A clock that is set by more makes a living process look dead; what it
has asked for is then asked again."""

_OPEN: set[str] = set()


class Owner(msgspec.Struct, frozen=True, array_like=True):
    """One open ledger.

    Attributes:
        handle: a name that no other has.
        pid: of its process.
        started: when that process did, in seconds since the epoch: numbers are used again.
    """

    handle: str
    pid: int
    started: float

    @classmethod
    def begin(cls) -> Self:
        """A new one, of this process."""
        owner = cls(uuid.uuid4().hex, os.getpid(), psutil.Process().create_time())
        _OPEN.add(owner.handle)
        return owner

    def end(self) -> None:
        """It settles nothing any more."""
        _OPEN.discard(self.handle)

    @property
    def text(self) -> str:
        """As it stands in the file."""
        return msgspec.json.encode(self).decode()

    @property
    def lives(self) -> bool:
        """Whether it may still settle what it has reserved."""
        if self.pid == os.getpid():
            return self.handle in _OPEN
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < SAME_START_S
        except psutil.Error:
            return False


def lives(text: str) -> bool:
    """Whether the owner of that text does; those of older formats, which name no process, do not."""
    try:
        return msgspec.json.decode(text, type=Owner).lives
    except msgspec.DecodeError:
        return False
