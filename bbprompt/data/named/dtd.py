"""Describable textures: Cimpoi et al. 2014. ``images/banded/banded_0001.jpg``, ``labels/train1.txt`` ..."""

from __future__ import annotations

from bbprompt.data.listing import listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.source import Source

URL = "https://www.robots.ox.ac.uk/~vgg/data/dtd"


def load_dtd(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the first official one: train and validation 3,760, test 1,880.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "dtd", folder="dtd", has=["images"], url=URL)
    if source := coop_source(root, "images", size, "DescribableTextures"):
        return source
    train, validation, test = (read_lines(root / "labels" / f"{part}1.txt") for part in ("train", "val", "test"))
    classes = sorted({line.partition("/")[0] for line in train})
    number = {name: i for i, name in enumerate(classes)}
    pool, held_out = (
        listing(
            [(root / "images" / line, number[line.partition("/")[0]]) for line in lines], classes, size, where=root
        )
        for lines in (train + validation, test)
    )
    return Source(pool, held_out)
