"""WILDS under shift: Koh et al. 2021, arXiv 2012.07421. Learn in some places or years, test in others.

Read from the folders that the ``wilds`` package unpacks, by its official splits: train, and the out-of-distribution
test. A class that either of them lacks is left out: no figure could be about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bbprompt.data.listing import listing
from bbprompt.data.named.roots import locate, read_table
from bbprompt.data.source import Source

URL = "https://wilds.stanford.edu"
TEST_CENTRE, VALIDATION_CENTRE = "2", "1"
TEST_FROM, TRAIN_BEFORE = "2016", "2013"
"""FMoW: test from 2016 on, train before 2013; what lies between is the official validation."""


def load_camelyon17(argument: str, size: tuple[int, int] | None) -> Source:
    """Load tumours in lymph nodes, 96 px: three hospitals, and a fifth to test on.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "camelyon17", folder="camelyon17_v1.0", has=["patches"], url=URL)
    columns = ("patient", "node", "x_coord", "y_coord", "tumor", "center", "split")
    rows = read_table(root / "metadata.csv", columns)
    train = [row for row in rows if row["split"] == "0" and row["center"] not in (TEST_CENTRE, VALIDATION_CENTRE)]
    test = [row for row in rows if row["center"] == TEST_CENTRE]
    pool, held_out = (
        listing(
            [(root / _patch(row), int(row["tumor"])) for row in part],
            ("not containing", "containing"),
            size,
            where=root,
        )
        for part in (train, test)
    )
    return Source(pool, held_out)


def load_fmow(argument: str, size: tuple[int, int] | None) -> Source:
    """Load land use from above, 224 px: until 2012, and from 2016 on to test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "fmow", folder="fmow_v1.1", has=["rgb_metadata.csv"], url=URL)
    rows = list(enumerate(read_table(root / "rgb_metadata.csv", ("split", "category", "timestamp"))))
    train = [_fmow(root, row) for row in rows if row[1]["split"] == "train" and row[1]["timestamp"] < TRAIN_BEFORE]
    test = [_fmow(root, row) for row in rows if row[1]["split"] == "test" and row[1]["timestamp"] >= TEST_FROM]
    names = {row["category"]: row["category"].replace("_", " ") for _, row in rows}
    return _shared(train, test, names, size, where=root)


def load_iwildcam(argument: str, size: tuple[int, int] | None) -> Source:
    """Load animals before camera traps: some traps, and others to test on.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "iwildcam", folder="iwildcam_v2.0", has=["metadata.csv"], url=URL)
    rows = read_table(root / "metadata.csv", ("split", "y", "filename"))
    names = {row["y"]: row["name"] for row in read_table(root / "categories.csv", ("y", "name"))}
    train, test = (
        [(root / "train" / row["filename"], row["y"]) for row in rows if row["split"] == part]
        for part in ("train", "test")
    )
    return _shared(train, test, names, size, where=root)


def _patch(row: Mapping[str, str]) -> str:
    slide = f"patient_{row['patient'].zfill(3)}_node_{row['node']}"
    return f"patches/{slide}/patch_{slide}_x_{row['x_coord']}_y_{row['y_coord']}.png"


def _fmow(root: Path, numbered: tuple[int, Mapping[str, str]]) -> tuple[Path, str]:
    number, row = numbered
    return root / "images" / f"rgb_img_{number}.png", row["category"]


def _shared(
    train: Sequence[tuple[Path, str]],
    test: Sequence[tuple[Path, str]],
    names: Mapping[str, str],
    size: tuple[int, int] | None,
    *,
    where: Path,
) -> Source:
    """A source of the classes that both parts have, in the order of ``names``."""
    both = {key for _, key in train} & {key for _, key in test}
    number = {key: i for i, key in enumerate(key for key in names if key in both)}

    def kept(items: Iterable[tuple[Path, str]]) -> list[tuple[Path, int]]:
        return [(path, number[key]) for path, key in items if key in number]

    classes = [names[key] for key in number]
    return Source(listing(kept(train), classes, size, where=where), listing(kept(test), classes, size, where=where))
