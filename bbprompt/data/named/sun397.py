"""SUN397 scenes: Xiao et al. 2010. ``SUN397/a/abbey/sun_aaa.jpg``, ``ClassName.txt``, ``Training_01.txt`` ..."""

from __future__ import annotations

from bbprompt.data.listing import Listing, listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.source import Source
from bbprompt.errors import DataError

URL = "https://vision.princeton.edu/projects/2010/SUN (and its Partitions.zip)"


def load_sun397(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the first official partition: 19,850 images each to learn from and to test on.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "sun397", folder="sun397", has=["SUN397"], url=URL)
    if source := coop_source(root, "SUN397", size, "SUN397"):
        return source
    listed = next((path for path in (root, root / "SUN397") if (path / "ClassName.txt").exists()), root)
    folders = [line.removeprefix("/") for line in read_lines(listed / "ClassName.txt")]
    number = {folder: i for i, folder in enumerate(folders)}

    def partition(file: str) -> Listing:
        place = next((path for path in (root, root / "SUN397") if (path / file).exists()), root)
        lines = [line.removeprefix("/") for line in read_lines(place / file)]
        unknown = [line for line in lines if line.rpartition("/")[0] not in number]
        if unknown:
            raise DataError(
                f"{place / file} lists {unknown[0]}, whose class is not in ClassName.txt; unpack both again"
            )
        items = [(root / "SUN397" / line, number[line.rpartition("/")[0]]) for line in lines]
        return listing(items, [_name(folder) for folder in folders], size, where=place / file)

    return Source(partition("Training_01.txt"), partition("Testing_01.txt"))


def _name(folder: str) -> str:
    """ "a/apse/indoor" as "indoor apse", as CoOp words it."""
    return " ".join(reversed(folder.split("/")[1:])).replace("_", " ")
