"""A run's folder: who may write into it. Nothing of another run is ever lost or overwritten."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from bbprompt.atomic import write_atomically
from bbprompt.config import RunConfig, dump_config, load_config
from bbprompt.errors import ConfigError
from bbprompt.records import RESULT, RUN_FILE


def finished(folder: Path, config: RunConfig) -> bool:
    """Whether ``folder`` holds this run, finished.

    Raises:
        ConfigError: it belongs to another run.
    """
    if not (folder / RUN_FILE).exists():
        return False
    _check_same(folder, config)
    return (folder / RESULT).exists()


def claim(folder: Path, config: RunConfig, *, resume: bool) -> None:
    """Make ``folder`` this run's, where it is not ``finished``.

    Raises:
        ConfigError: the folder belongs to another run, or to this one, and ``resume`` was not asked for.
    """
    if (folder / RUN_FILE).exists():
        _check_same(folder, config)
        if not resume:
            raise ConfigError(f"{folder} holds this run, unfinished; add --resume to go on, or name another --out")
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} exists and is not a run's folder; name another --out, nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / RUN_FILE, dump_config(config).encode())
    except OSError as error:
        raise ConfigError(f"cannot write into {folder}: {error.strerror}; name another --out") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other process carry out the run in ``folder`` meanwhile; a killed one gives way by itself.

    Raises:
        ConfigError: one does.
    """
    if sys.platform == "win32":  # has no flock
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = (
                f"the run in {folder} is under way in another process; wait for its end, or name another --out"
            )
            raise ConfigError(message) from error
        yield
    finally:
        os.close(descriptor)


def _check_same(folder: Path, config: RunConfig) -> None:
    before, now = (_comparable(c) for c in (load_config(folder / RUN_FILE), config))
    changed = [key for key in now if before[key] != now[key]]
    if changed:
        key = changed[0]
        raise ConfigError(
            f"{folder} belongs to another run: its {key} is {before[key]}, this one's {now[key]}; "
            "name another --out, or give that run's file"
        )


def _comparable(config: RunConfig) -> dict[str, Any]:
    """All that makes a run this run; a service may move, and its answers in the ledger go by its name, not its URL."""
    document: dict[str, Any] = msgspec.to_builtins(config)
    document["oracle"]["options"].pop("url", None)
    return document
