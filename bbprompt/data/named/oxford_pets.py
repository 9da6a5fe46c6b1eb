"""Oxford-IIIT pets, 37 breeds: Parkhi et al. 2012. ``images/Abyssinian_1.jpg``, ``annotations/trainval.txt`` ..."""

from __future__ import annotations

from bbprompt.data.listing import listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.source import Source

URL = "https://www.robots.ox.ac.uk/~vgg/data/pets"


def load_oxford_pets(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the official one: 3,680 images, 3,669 of test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "oxford-pets", folder="oxford-iiit-pet", has=["annotations"], url=URL)
    if source := coop_source(root, "images", size, "OxfordPets"):
        return source
    rows = {part: [_row(line) for line in read_lines(root / "annotations" / f"{part}.txt")] for part in PARTS}
    names = dict(sorted({number: name for row in rows.values() for _, number, name in row}.items()))
    order = {number: i for i, number in enumerate(names)}
    pool, test = (
        listing(
            [(root / "images" / f"{image}.jpg", order[number]) for image, number, _ in rows[part]],
            list(names.values()),
            size,
            where=root,
        )
        for part in PARTS
    )
    return Source(pool, test)


PARTS = ("trainval", "test")


def _row(line: str) -> tuple[str, int, str]:
    """ "american_bulldog_100 2 2 1" as image, number of the breed, and its name."""
    image, number, *_ = line.split(" ")
    return image, int(number), image.rpartition("_")[0].lower().replace("_", " ")
