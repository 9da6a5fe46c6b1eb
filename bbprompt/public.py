"""What of a run may go to strangers: no key, no URL and no host, no path of a disk.

Keys are in no file of a run. A host is left out whole, also a public one: it often names an account or a customer, and
which hosts do cannot be told from outside. Whoever wants the service named says its name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Any, TypeAlias

import msgspec

from bbprompt.config import RunConfig
from bbprompt.label_digests import AS_A_SET, ORDERED
from bbprompt.overlay import Overlay

UNNAMED = "a service of the author's"
OWN_IMAGES = "images of the author's own"

Scalar: TypeAlias = str | int | float | bool

WHERE = re.compile(
    r"""://                         # a URL
      | \\                          # a path of Windows
      | ^[~./]                      # a path
      | /.*/                        # a longer one; OWNER/NAME stays
      | :\d+\b                      # a port
      | \b\d{1,3}(\.\d{1,3}){3}\b   # an address
      | ^\[?[0-9a-fA-F:]*::         # one of version 6
      | localhost | \.local\b
    """,
    re.VERBOSE,
)
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*(#[\w.-]+)?")
PATHS_TOO = ("data.source", "labels.text")
TRAINING = ("method", "seed", "queries", ORDERED, AS_A_SET)


def public_oracle(name: str) -> str:
    """An oracle's name without the words that say where it is."""
    words = [word for word in name.split() if not WHERE.search(word)]
    return " ".join(words) or UNNAMED


def public_source(source: str) -> str | None:
    """The name of a data set that others can have, too; ``None`` for images that are only here."""
    kind, _, argument = source.partition(":")
    if kind in ("folder", "npz", "parquet"):
        return None
    if kind == "hf":
        return argument if HUB_ID.fullmatch(argument) else None
    return kind


def public_overlay(overlay: Overlay, *, oracle: str | None = None) -> Overlay:
    """The same pixels, with ``oracle`` or the public part of its oracle's name, and of its training what is known."""
    training = {k: v for k, v in overlay.meta.training.items() if k in TRAINING and isinstance(v, Scalar)}
    named = oracle or public_oracle(overlay.meta.oracle)
    return replace(overlay, meta=msgspec.structs.replace(overlay.meta, oracle=named, training=training))


def public_settings(config: RunConfig) -> dict[str, Scalar]:
    """A run file's keys, as "table.key", whose values are names, numbers or yes and no."""
    tables: dict[str, Any] = msgspec.to_builtins(config)
    oracle, fit = tables.pop("oracle"), tables["fit"]
    fit |= {key: value for key, value in fit.pop("options").items() if not isinstance(value, str)}
    flat = {"seed": tables.pop("seed"), "oracle.adapter": PurePath(oracle["adapter"]).stem}
    flat["oracle.encoding"] = oracle["encoding"]
    flat["data.source"] = public_source(config.data.source) or OWN_IMAGES
    for table, keys in tables.items():
        flat |= {f"{table}.{key}": value for key, value in keys.items() if f"{table}.{key}" not in PATHS_TOO}
    return {key: value for key, value in flat.items() if isinstance(value, Scalar)}
