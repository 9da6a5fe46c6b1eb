"""CoOp's split files, ``split_zhou_*.json``: Zhou et al. 2022, "Learning to Prompt for Vision-Language Models".

A JSON object of "train", "val" and "test", each a list of [path, class number, class name]; paths are relative to the
data set's folder of images. Train and val make the pool, from which few shots and validation are drawn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

import msgspec

from bbprompt.data.listing import listing
from bbprompt.data.source import Source
from bbprompt.encoding import TEXT
from bbprompt.errors import DataError

Item: TypeAlias = tuple[str, int, str]


class CoopSplit(msgspec.Struct, frozen=True):
    """The file's content."""

    train: list[Item]
    val: list[Item]
    test: list[Item]


def coop_source(root: Path, images: str, size: tuple[int, int] | None, *names: str) -> Source | None:
    """Read CoOp's split if it is there, beside ``images`` in ``root``; return ``None`` if it is not.

    Args:
        root: the data set's folder.
        images: the folder in it that paths are relative to.
        size: (height, width) that images are brought to.
        names: what the split file may be called, without "split_zhou_" and ".json".

    Raises:
        DataError: the file is damaged, or its class numbers have gaps.
    """
    for path in (root / f"split_zhou_{name}.json" for name in names):
        if path.is_file():
            return _source(path, root / images, size)
    return None


def _source(path: Path, images: Path, size: tuple[int, int] | None) -> Source:
    split = _read(path)
    names = {number: name for _, number, name in (*split.train, *split.val, *split.test)}
    if sorted(names) != list(range(len(names))):
        raise DataError(f"{path} numbers its {len(names)} classes {sorted(names)[:5]} ..., expected 0, 1, 2 ...")
    classes = [names[number].replace("_", " ") for number in range(len(names))]
    pool, test = (
        listing([(images / file, number) for file, number, _ in items], classes, size, where=path)
        for items in (split.train + split.val, split.test)
    )
    return Source(pool, test)


def _read(path: Path) -> CoopSplit:
    try:
        return msgspec.convert(json.loads(path.read_text(TEXT)), CoopSplit)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise DataError(f"{path} is no split file of CoOp's ({error}); download it again, or remove it") from error
