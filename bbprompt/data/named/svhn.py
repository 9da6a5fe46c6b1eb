"""SVHN, house numbers cropped to 32 px: Netzer et al. 2011. Two MATLAB files, "10" standing for the digit 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bbprompt.data.dataset import Dataset
from bbprompt.data.named.roots import check_md5, locate
from bbprompt.data.source import Source
from bbprompt.errors import DataError

URL = "http://ufldl.stanford.edu/housenumbers (format 2, cropped digits)"
MD5 = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}


def load_svhn(argument: str, _size: tuple[int, int] | None) -> Source:
    """Load ``train_32x32.mat`` (73,257 images) and ``test_32x32.mat`` (26,032).

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold SVHN.
    """
    root = locate(argument, "svhn", folder="svhn", has=["train_32x32.mat"], url=URL)
    for name, md5 in MD5.items():
        check_md5(root / name, md5)
    pool, test = (_read(root / name) for name in MD5)
    return Source(pool, test)


def _read(path: Path) -> Dataset:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        arrays = loadmat(path, variable_names=["X", "y"])
        images, digits = arrays["X"], arrays["y"].ravel()
    except (OSError, ValueError, KeyError, MatReadError) as error:
        raise DataError(f"{path} cannot be read ({error}); download it again") from error
    targets = np.where(digits == 10, 0, digits).astype(np.int64)
    return Dataset(np.ascontiguousarray(images.transpose(3, 0, 1, 2)), targets, tuple("0123456789"))
