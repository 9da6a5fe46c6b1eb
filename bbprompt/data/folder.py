"""``folder:DIR``: one folder of images per class, or two such trees called train and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bbprompt.arrays import UInt8
from bbprompt.data.dataset import Dataset, Source
from bbprompt.errors import ConfigError, DataError
from bbprompt.templates.resize import fit as resize

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa"})
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
"""Grey only: of 16-bit colour Pillow itself keeps the upper 8 bits, and so is grey kept here."""

READ_ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""How Pillow tells that a file is no image, damaged, or enormous."""


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
    _check_one_size(images, [path for path, _ in files])
    targets = np.array([target for _, target in files], dtype=np.int64)
    return Dataset(np.stack(images), targets, tuple(folder.name for folder in folders))


def _check_one_size(images: list[UInt8], paths: list[Path]) -> None:
    for image, path in zip(images, paths, strict=True):
        if image.shape != images[0].shape:
            raise DataError(
                f"{path} has {image.shape[0]} x {image.shape[1]} pixels, {paths[0]} has {images[0].shape[0]} x "
                f"{images[0].shape[1]}; give a size to bring them to"
            )


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _images(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    if not files:
        raise DataError(f"class folder {folder} holds no image; add some (png, jpg, ...) or remove it")
    return files


def read_image(path: Path, size: tuple[int, int] | None = None) -> UInt8:
    """Read one image as RGB, uint8, (H, W, 3), turned as its EXIF says; at ``size`` = (h, w) if that is given.

    Raises:
        DataError: the file is no image, is damaged, or holds something else than 8 or 16 bits per channel.
    """
    pixels = np.asarray(open_rgb(path))
    return pixels if size is None else resize(pixels[None], size)[0]


def open_rgb(path: Path, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Decode one image as ``read_image`` does: an RGB image, turned as its EXIF says.

    Of an animation it is the first frame; transparency is left out, and of 16 bits the lower 8.

    Args:
        path: of the file.
        at_least: (height, width) in pixels; a JPEG is decoded at an eighth, a quarter or half its size where that is
            no smaller than this: many times as fast, and other pixels.

    Raises:
        DataError: the file is no image, is damaged, or holds something else than 8 or 16 bits per channel.
    """
    try:
        with Image.open(path) as opened:
            if at_least is not None:
                opened.draft("RGB", (max(at_least), max(at_least)))  # upright or not
            return to_rgb(opened)
    except DataError as error:
        raise DataError(f"{path} {error}") from error
    except READ_ERRORS as error:
        raise DataError(f"{path} is not an image that can be read ({error}); replace or remove it") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an opened image, or a copy, as RGB, turned as its EXIF says.

    Raises:
        DataError: it holds something else than 8 or 16 bits per channel.
    """
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in SIXTEEN_BIT_MODES:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode not in EIGHT_BIT_MODES:
        raise DataError(f"has the mode {image.mode}, expected 8 bits per channel; convert it to RGB")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")  # a palette may hold the transparency
    if image.mode != "RGB":
        return image.convert("RGB")
    image.load()  # no copy, which takes a large photo as long as resizing it
    return image
