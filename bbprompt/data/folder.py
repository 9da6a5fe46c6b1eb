"""``folder:DIR``: one folder of images per class, or two such trees called train and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bbprompt.data.dataset import Dataset
from bbprompt.data.files import SUFFIXES, check_one_size, read_image
from bbprompt.data.source import Source
from bbprompt.errors import ConfigError, DataError


def load_folder(argument: str, size: tuple[int, int] | None) -> Source:
    """Load ``DIR/class/*.png`` (jpg, ...), or ``DIR/train/class/*`` and ``DIR/test/class/*``, as RGB.

    Classes are the folders' names in sorted order; files of other kinds and hidden ones are passed over. Images are
    turned as their EXIF says, stripped of transparency, and resized to ``size``, not keeping their proportions.

    Args:
        argument: the folder.
        size: (height, width) in pixels; ``None`` keeps the images' own, which must then be one and the same.

    Raises:
        ConfigError: no folder was named.
        DataError: no such folder, a class without an image, a file that is no image, or images of several sizes.
    """
    if not argument:
        raise ConfigError("the source 'folder' needs a folder; write source = \"folder:DIR\"")
    root = Path(argument).expanduser()
    if not root.is_dir():
        raise DataError(f"no folder {root}; correct the path in [data] source")
    if {folder.name for folder in _folders(root)} == {"train", "test"}:
        return Source(_load_tree(root / "train", size), _load_tree(root / "test", size))
    return Source(_load_tree(root, size))


def _load_tree(root: Path, size: tuple[int, int] | None) -> Dataset:
    folders = _folders(root)
    if len(folders) < 2:
        raise DataError(f"{root} holds {len(folders)} class folders, expected at least two: DIR/class/*.png")
    files = [(path, target) for target, folder in enumerate(folders) for path in _images(folder)]
    images = [read_image(path, size) for path, _ in files]
    check_one_size(images, [path for path, _ in files])
    targets = np.array([target for _, target in files], dtype=np.int64)
    return Dataset(np.stack(images), targets, tuple(folder.name for folder in folders))


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _images(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    if not files:
        raise DataError(f"class folder {folder} holds no image; add some (png, jpg, ...) or remove it")
    return files
