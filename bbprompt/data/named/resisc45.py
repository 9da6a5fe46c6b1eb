"""NWPU-RESISC45, aerial scenes, 256 px: Cheng et al. 2017. ``airplane/airplane_001.jpg``, without a split.

torchgeo's lists, ``resisc45-train.txt`` and so on, one file name a line, are read where they lie beside the folder.
"""

from __future__ import annotations

from pathlib import Path

from bbprompt.data.listing import listing
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.named.trees import class_tree
from bbprompt.data.source import Source

URL = "https://gcheng-nwpu.github.io (NWPU-RESISC45)"


def load_resisc45(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by torchgeo's split, or all 31,500 images as one pool.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "resisc45", folder="NWPU-RESISC45", has=["airplane"], url=URL)
    for place in (root, root.parent):
        if (place / "resisc45-train.txt").is_file():
            return _by_lists(root, place, size)
    return Source(class_tree(root, size))


def _by_lists(root: Path, place: Path, size: tuple[int, int] | None) -> Source:
    lists = {part: read_lines(place / f"resisc45-{part}.txt") for part in ("train", "val", "test")}
    folders = sorted({line.rpartition("_")[0] for line in lists["train"]})
    number = {folder: i for i, folder in enumerate(folders)}
    names = [folder.replace("_", " ") for folder in folders]
    pool, test = (
        listing(
            [(root / folder / line, number[folder]) for line in lines for folder in [line.rpartition("_")[0]]],
            names,
            size,
            where=place,
        )
        for lines in (lists["train"] + lists["val"], lists["test"])
    )
    return Source(pool, test)
