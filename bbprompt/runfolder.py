"""A run's folder: who may write into it. Nothing of another run is ever lost or overwritten."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from bbprompt import earlier
from bbprompt.atomic import write_atomically
from bbprompt.config import ANY, RunConfig, dump_config, load_config
from bbprompt.errors import ConfigError, DataError
from bbprompt.records import CHECKPOINT, IMAGES, LEDGER, RESULT, RUN_FILE

HANDLING = frozenset(
    {
        "url",
        "key_env",
        "key_command",
        "requests_per_minute",
        "max_in_flight",
        "max_batch",
        "timeout_s",
        "unanswered",
    }
)
"""Of ``[oracle]``: where a service is, and how it is spoken to."""
PRICE = "usd_per_"


def finished(folder: Path, config: RunConfig, *, resume: bool = False) -> bool:
    """Whether ``folder`` holds this run, finished; with ``resume`` one that has a larger budget now is not.

    Raises:
        ConfigError: it belongs to another run, or is finished, has a larger budget now and is not to be resumed.
    """
    if not (folder / RUN_FILE).exists():
        return False
    raised = _budget_raised(_the_same(folder, config), config)
    if not (folder / RESULT).exists():
        return False
    if raised and not resume:
        raise ConfigError(
            f"{folder} holds this run, finished with a smaller budget; add --resume to go on with more"
        )
    return not raised


def claim(folder: Path, config: RunConfig, *, images: Mapping[str, str], resume: bool) -> None:
    """Make ``folder`` this run's, where it is not ``finished``.

    Args:
        folder: a new one, or the run's.
        config: the run's.
        images: what ``digest_splits`` says of its images.
        resume: whether a run that has begun may go on.

    Raises:
        ConfigError: the folder belongs to another run, or to this one, and ``resume`` was not asked for; or the run began
            with other images.
    """
    if (folder / RUN_FILE).exists():
        _the_same(folder, config)
        if not resume:
            raise ConfigError(f"{folder} holds this run, unfinished; add --resume to go on, or name another --out")
        _keep_images(folder, images)
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} exists and is not a run's folder; name another --out, nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / RUN_FILE, dump_config(config).encode())
        _keep_images(folder, images)
    except OSError as error:
        raise ConfigError(f"cannot write into {folder}: {error.strerror}; name another --out") from error


def images_of(folder: Path) -> dict[str, str]:
    """What the run in ``folder`` has noted of its images; nothing, if it began before runs noted that.

    Raises:
        DataError: the note is damaged.
    """
    path = folder / IMAGES
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise DataError(f"{path} is damaged ({error}); delete it and resume with the run's own images") from error


def _keep_images(folder: Path, images: Mapping[str, str]) -> None:
    """Note a run's images before it learns from them; those of a run that goes on must be the same."""
    before = images_of(folder)
    changed = [name for name, now in images.items() if before.get(name, now) != now]
    if changed:
        raise ConfigError(
            f"the run in {folder} began with other images: its {', '.join(changed)} images are no longer "
            "the same; put the old images back, or name another --out for a new run"
        )
    # Of one that learned before runs noted this, it is too late to say.
    if not before and not any((folder / learned).exists() for learned in (LEDGER, CHECKPOINT)):
        write_atomically(folder / IMAGES, msgspec.json.encode(images, order="sorted"))


def renew(folder: Path, config: RunConfig) -> None:
    """Let a run that is ``claim``ed go on with the budget and the address that it has now."""
    if load_config(folder / RUN_FILE) != config:
        if (folder / RESULT).exists():
            earlier.keep(folder)
            (folder / RESULT).unlink()
        write_atomically(folder / RUN_FILE, dump_config(config).encode())


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


def _the_same(folder: Path, config: RunConfig) -> RunConfig:
    """Return the run file in ``folder``, if it is this run's."""
    before = load_config(folder / RUN_FILE)
    was, now = _comparable(before), _comparable(config)
    if ANY in (before.fit.loss, config.fit.loss):  # is settled when the oracle is opened
        now["fit"]["loss"] = was["fit"]["loss"]
    for key in now:
        if was[key] != now[key]:
            raise ConfigError(
                f"{folder} belongs to another run: its {key} is {was[key]}, this one's {now[key]}; "
                "name another --out, or give that run's file"
            )
    return before


def _comparable(config: RunConfig) -> dict[str, Any]:
    """All that makes a run this run.

    A service may move, be paced otherwise and change its price: its answers in the ledger go by its name.
    """
    document: dict[str, Any] = msgspec.to_builtins(config)
    oracle = document["oracle"]
    oracle["options"] = {
        key: value for key, value in oracle["options"].items() if key not in HANDLING and not key.startswith(PRICE)
    }
    del document["budget"]
    return document


def _budget_raised(before: RunConfig, config: RunConfig) -> bool:
    """Whether there is more to spend now.

    Raises:
        ConfigError: there is less.
    """
    pairs = [(before.budget.queries, config.budget.queries), (before.budget.usd, config.budget.usd)]
    limits = [(inf if was is None else was, inf if now is None else now) for was, now in pairs]
    if any(now < was for was, now in limits):
        raise ConfigError(
            f"this run has begun with a budget of {_words(before)}, and {_words(config)} are less; "
            "raise [budget], or name another --out"
        )
    return any(now > was for was, now in limits)


def _words(config: RunConfig) -> str:
    said = [(config.budget.queries, "queries"), (config.budget.usd, "USD")]
    return " and ".join(f"{limit:,} {unit}" for limit, unit in said if limit is not None) or "no limit"
