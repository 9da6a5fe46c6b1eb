"""CLEVR, how many objects: Johnson et al. 2017, as the task of VTAB (Zhai et al. 2019): three to ten.

``images/train/CLEVR_train_000000.png`` and ``scenes/CLEVR_train_scenes.json``; the official validation images are the
test, because the official test has no scenes.
"""

from __future__ import annotations

import json
from pathlib import Path

from bbprompt.data.listing import Listing, listing
from bbprompt.data.named.roots import locate
from bbprompt.data.source import Source
from bbprompt.encoding import TEXT
from bbprompt.errors import DataError

URL = "https://cs.stanford.edu/people/jcjohns/clevr (CLEVR_v1.0.zip)"
COUNTS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten")


def load_clevr_count(argument: str, size: tuple[int, int] | None) -> Source:
    """Load 70,000 images, and 15,000 to test on.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "clevr-count", folder="CLEVR_v1.0", has=["scenes"], url=URL)
    return Source(_part(root, "train", size), _part(root, "val", size))


def _part(root: Path, part: str, size: tuple[int, int] | None) -> Listing:
    path = root / "scenes" / f"CLEVR_{part}_scenes.json"
    try:
        scenes = json.loads(path.read_text(TEXT))["scenes"]
        counted = [(scene["image_filename"], len(scene["objects"])) for scene in scenes]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({error!r}); unpack the data set again") from error
    known = range(3, 3 + len(COUNTS))
    items = [(root / "images" / part / file, count - 3) for file, count in counted if count in known]
    return listing(items, COUNTS, size, where=path)
