"""Which images there are, and which PNG each becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bbprompt.data.files import SUFFIXES
from bbprompt.errors import DataError


def pair_files(sources: Iterable[Path], folder: Path) -> list[tuple[Path, Path]]:
    """Pair every image, and every image below a folder, with the PNG in ``folder`` that its overlay goes to.

    What lies in ``folder`` itself is passed over: it was laid before, and would be laid once more.

    Raises:
        DataError: there is no image, or two would become the same PNG.
    """
    taken: dict[Path, Path] = {}
    for source, name in _images(sources, folder.resolve()):
        target = folder / name.with_suffix(".png")
        if target in taken:
            raise DataError(f"{taken[target]} and {source} would both become {target}; apply them one at a time")
        taken[target] = source
    if not taken:
        raise DataError(f"no image found; give image files, or folders with {', '.join(sorted(SUFFIXES))}")
    return [(source, target) for target, source in taken.items()]


def _images(sources: Iterable[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each image with its name relative to where it was found; folders sorted, so that runs agree."""
    for source in sources:
        if not source.is_dir():
            yield source, Path(source.name)
            continue
        inside = out.is_relative_to(source.resolve()) and out != source.resolve()
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            if not (inside and path.resolve().is_relative_to(out)):
                yield path, path.relative_to(source)
