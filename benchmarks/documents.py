"""A result as it is committed: indented JSON, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bbprompt.atomic import write_atomically


def write_json(path: Path, value: object) -> None:
    """Write ``value``, anything that msgspec encodes, in a folder that is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(value)) + b"\n")
