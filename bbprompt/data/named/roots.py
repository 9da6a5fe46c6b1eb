"""Find a data set's folder, and read the small text files that describe it."""

from __future__ import annotations

import csv
import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path

from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError, DataError


def locate(argument: str, name: str, *, folder: str, has: Sequence[str], url: str) -> Path:
    """Return the data set's folder: ``argument`` itself, or ``folder`` inside it.

    Args:
        argument: what stands after the colon in ``[data] source``.
        name: of the source, for messages.
        folder: what the archive unpacks to.
        has: a file or folder in it, by which it is known; any one will do.
        url: where to get it.

    Raises:
        ConfigError: no folder was named.
        DataError: neither holds the data set.
    """
    if not argument:
        raise ConfigError(f'the source {name!r} needs its folder; write source = "{name}:DIR"')
    root = Path(argument).expanduser()
    for candidate in (root, root / folder):
        if any((candidate / part).exists() for part in has):
            return candidate
    raise DataError(f"{root} does not hold {name}: no {' or '.join(has)} in it; get the data set from {url}")


def read_lines(path: Path) -> list[str]:
    """Lines of a text file, stripped, without empty ones.

    Raises:
        DataError: it cannot be read.
    """
    try:
        lines = path.read_text(TEXT).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}; unpack the data set again") from error
    return [line.strip() for line in lines if line.strip()]


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file that has at least ``columns``.

    Raises:
        DataError: it cannot be read, or lacks one.
    """
    try:
        with path.open(encoding=TEXT, newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}; unpack the data set again") from error
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; is it this data set's file?")
    return rows


def check_md5(path: Path, expected: str | None) -> None:
    """Warn where a file is not the published one: damaged, or a selection of it. ``None`` checks nothing.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; unpack the data set again") from error
    if expected is not None and found != expected:
        warnings.warn(f"{path} is not the published file: md5 {found}, expected {expected}", stacklevel=2)
