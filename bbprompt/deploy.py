"""Lay an overlay over image files. Pillow and numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from bbprompt.data.files import SUFFIXES, read_image
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay


def apply_to_file(overlay: Overlay, source: Path, target: Path) -> None:
    """Lay ``overlay`` over the image in ``source``; write a PNG of the overlay's canvas to ``target``.

    Raises:
        DataError: the source cannot be read, the target cannot be written, or both are one file.
    """
    laid = overlay.apply(read_image(source)[None])[0]
    if target.exists() and target.samefile(source):
        raise DataError(f"{target} is the image itself and would be overwritten; give another output folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(laid).save(target, "PNG")
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror or error}") from error


def pair_files(sources: Iterable[Path], folder: Path) -> list[tuple[Path, Path]]:
    """Pair every image, and every image below a folder, with the PNG in ``folder`` that its overlay goes to.

    Raises:
        DataError: there is no image, or two would become the same PNG.
    """
    taken: dict[Path, Path] = {}
    for source, name in _images(sources):
        target = folder / name.with_suffix(".png")
        if target in taken:
            raise DataError(f"{taken[target]} and {source} would both become {target}; apply them one at a time")
        taken[target] = source
    if not taken:
        raise DataError(f"no image found; give image files, or folders with {', '.join(sorted(SUFFIXES))}")
    return [(source, target) for target, source in taken.items()]


def _images(sources: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each image with its name relative to where it was found; folders sorted, so that runs agree."""
    for source in sources:
        if not source.is_dir():
            yield source, Path(source.name)
            continue
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path, path.relative_to(source)
