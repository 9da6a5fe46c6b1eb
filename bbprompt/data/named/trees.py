"""A folder of images per class, without a split of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bbprompt.data.files import SUFFIXES
from bbprompt.data.listing import Listing, listing


def class_tree(root: Path, size: tuple[int, int] | None, *, names: Mapping[str, str] | None = None) -> Listing:
    """List ``root/class/*`` in sorted order; ``names`` renames folders, others have underscores as spaces.

    Raises:
        DataError: a class without an image, or fewer than two classes.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != ".")
    items = [
        (path, number)
        for number, folder in enumerate(folders)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    renamed = [(names or {}).get(folder.name, folder.name.replace("_", " ")) for folder in folders]
    return listing(items, renamed, size, where=root)
