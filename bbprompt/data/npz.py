"""``npz:FILE``: arrays ``x`` and ``y``, and if wanted ``classes``, ``x_test`` and ``y_test``."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bbprompt.arrays import Int, UInt8
from bbprompt.data.dataset import Dataset
from bbprompt.data.source import Source
from bbprompt.errors import DataError


def load_npz(argument: str, _size: tuple[int, int] | None) -> Source:
    """Load images ``x``, uint8, shape (n, H, W, 3) or grey (n, H, W), and whole numbers ``y``, shape (n,).

    ``classes`` holds the names; without it they are the numbers 0 to the largest in ``y``.

    Raises:
        DataError: the file is missing or damaged, lacks an array, or holds something else.
    """
    arrays = _read(Path(argument).expanduser())
    for name in ("x", "y"):
        if name not in arrays:
            raise DataError(f"{argument} holds {sorted(arrays)}, expected the arrays 'x' and 'y'; save both")
    targets = _targets(arrays["y"], argument)
    names = arrays["classes"].tolist() if "classes" in arrays else range(int(targets.max(initial=0)) + 1)
    classes = tuple(str(name) for name in names)
    pool = Dataset(_rgb(arrays["x"]), targets, classes)
    if not {"x_test", "y_test"} <= arrays.keys():
        return Source(pool)
    return Source(pool, Dataset(_rgb(arrays["x_test"]), _targets(arrays["y_test"], argument), classes))


def _read(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                raise DataError(f"{path} holds a single array, expected 'x' and 'y'; write it with numpy.savez")
            return dict(loaded.items())
    except FileNotFoundError as error:
        raise DataError(f"no file {path}; correct the path in [data] source") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no npz file of plain arrays ({error}); write it with numpy.savez") from error


def _rgb(images: npt.NDArray[np.generic]) -> UInt8:
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim == 4 and images.shape[-1] == 1:
        images = np.repeat(images, 3, axis=-1)
    return np.asarray(images)


def _targets(targets: npt.NDArray[np.generic], where: str) -> Int:
    if targets.dtype.kind not in "iu":
        raise DataError(f"'y' in {where} must hold whole class numbers from 0, got {targets.dtype}; convert it")
    return targets.astype(np.int64)
