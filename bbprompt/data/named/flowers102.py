"""Oxford Flowers: Nilsback & Zisserman 2008. ``jpg/``, and MATLAB files of labels and of the three splits.

The names of the 102 flowers are not among its files; they are those that torchvision and CoOp use.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from bbprompt.arrays import Int
from bbprompt.data.listing import listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate
from bbprompt.data.source import Source
from bbprompt.errors import DataError

URL = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102"


def load_flowers102(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the official one: train and validation 2,040, test 6,149.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "flowers102", folder="flowers-102", has=["imagelabels.mat"], url=URL)
    if source := coop_source(root, "jpg", size, "OxfordFlowers"):
        return source
    labels = _read(root / "imagelabels.mat", "labels")
    names = flower_names()
    splits = [_read(root / "setid.mat", key) for key in ("trnid", "valid", "tstid")]
    train, validation, test = (
        [(root / "jpg" / f"image_{number:05d}.jpg", int(labels[number - 1]) - 1) for number in numbers]
        for numbers in splits
    )
    return Source(listing(train + validation, names, size, where=root), listing(test, names, size, where=root))


def flower_names() -> tuple[str, ...]:
    """The 102 names, in the order of the labels."""
    names: list[str] = json.loads(files("bbprompt.data.named").joinpath("flowers102.json").read_text("utf-8"))
    return tuple(names)


def _read(path: Path, key: str) -> Int:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return np.asarray(loadmat(path)[key].ravel(), dtype=np.int64)
    except (OSError, ValueError, KeyError, MatReadError) as error:
        raise DataError(f"{path} cannot be read ({error}); download it again") from error
