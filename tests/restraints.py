"""What binds a test's process for a moment: permissions, where it is root's, and files that may not grow."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

CAPABILITIES_3 = 0x20080522
"""``_LINUX_CAPABILITY_VERSION_3`` of capset(2): two words each of what is effective, permitted and inheritable."""


@contextmanager
def without_privileges() -> Iterator[None]:
    """Permissions do not bind root: give up its capabilities, in this thread and those it starts.

    To become somebody else instead would lock the test out of its own packages where those are private.
    """
    if os.geteuid() != 0:
        yield
        return
    before = _capabilities()
    _set_capabilities([0, *before[1:3], 0, *before[4:]])
    try:
        yield
    finally:
        _set_capabilities(before)


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file may grow past ``size`` bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _capabilities() -> list[int]:
    words = (ctypes.c_uint32 * 6)()
    _call("capget", words)
    return list(words)


def _set_capabilities(words: list[int]) -> None:
    _call("capset", (ctypes.c_uint32 * 6)(*words))


def _call(name: str, words: ctypes.Array[ctypes.c_uint32]) -> None:
    this_thread = (ctypes.c_uint32 * 2)(CAPABILITIES_3, 0)
    if getattr(ctypes.CDLL(None, use_errno=True), name)(this_thread, words) != 0:
        raise OSError(ctypes.get_errno(), f"{name} failed")
