"""Images to learn from: one file per source, one line in ``SOURCES`` each."""

from __future__ import annotations

from collections.abc import Callable

from bbprompt.data.dataset import Dataset, Splits
from bbprompt.data.digits import load_digits
from bbprompt.data.folder import load_folder
from bbprompt.data.huggingface import load_huggingface
from bbprompt.data.named import NAMED
from bbprompt.data.npz import load_npz
from bbprompt.data.parquet import load_parquet
from bbprompt.data.source import Source
from bbprompt.data.split import split
from bbprompt.names import look_up

SOURCES: dict[str, Callable[[str, tuple[int, int] | None], Source]] = {
    "digits": load_digits,
    "folder": load_folder,
    "npz": load_npz,
    "parquet": load_parquet,
    "hf": load_huggingface,
    **NAMED,
}


def load_source(source: str, *, size: tuple[int, int] | None = None) -> Source:
    """Load what ``source`` names: "digits", "folder:DIR", "npz:FILE", "parquet:PATH", "hf:ID", or "NAME:DIR".

    Args:
        source: a key of ``SOURCES``, with an argument after a colon where it takes one.
        size: (height, width) that image files are brought to; sources of one size keep theirs.

    Raises:
        ConfigError: an unknown source, or one that lacks its argument or its package.
        DataError: images or targets that cannot be used.
    """
    name, _, argument = source.partition(":")
    return look_up("data source", name, SOURCES)(argument, size)


__all__ = ["SOURCES", "Dataset", "Source", "Splits", "load_source", "split"]
