"""Food-101: Bossard et al. 2014. ``images/apple_pie/1005649.jpg``, listed in ``meta/train.txt`` and ``test.txt``."""

from __future__ import annotations

from bbprompt.data.listing import listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.source import Source

URL = "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101"


def load_food101(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the official one: 75,750 images, 25,250 of test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "food101", folder="food-101", has=["images"], url=URL)
    if source := coop_source(root, "images", size, "Food101"):
        return source
    lists = [read_lines(root / "meta" / f"{part}.txt") for part in ("train", "test")]
    folders = sorted({line.partition("/")[0] for line in lists[0]})
    number = {folder: i for i, folder in enumerate(folders)}
    names = [folder.replace("_", " ") for folder in folders]
    pool, test = (
        listing(
            [(root / "images" / f"{line}.jpg", number[line.partition("/")[0]]) for line in lines],
            names,
            size,
            where=root,
        )
        for lines in lists
    )
    return Source(pool, test)
