"""CIFAR-10 and CIFAR-100, 32 px: Krizhevsky 2009. The "python version": pickled dictionaries of bytes.

A pickle can run any program; these are read by one that builds plain values and numpy arrays, and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bbprompt.data.dataset import Dataset
from bbprompt.data.named.roots import check_md5, locate
from bbprompt.data.source import Source
from bbprompt.errors import DataError

URL = "https://www.cs.toronto.edu/~kriz/cifar.html (the python version)"

PLAIN = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}

CIFAR10_MD5: Mapping[str, str] = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
CIFAR100_MD5: Mapping[str, str] = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
}


def load_cifar10(argument: str, _size: tuple[int, int] | None) -> Source:
    """Load ``cifar-10-batches-py``: 50,000 images, 10,000 of test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold CIFAR-10.
    """
    root = locate(argument, "cifar10", folder="cifar-10-batches-py", has=["batches.meta"], url=URL)
    batches = [name for name in CIFAR10_MD5 if name.startswith("data") and (root / name).exists()]
    return _load(root, "batches.meta", b"label_names", b"labels", batches, "test_batch", CIFAR10_MD5)


def load_cifar100(argument: str, _size: tuple[int, int] | None) -> Source:
    """Load ``cifar-100-python`` by its fine labels: 50,000 images, 10,000 of test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold CIFAR-100.
    """
    root = locate(argument, "cifar100", folder="cifar-100-python", has=["meta"], url=URL)
    return _load(root, "meta", b"fine_label_names", b"fine_labels", ["train"], "test", CIFAR100_MD5)


def _load(
    root: Path, meta: str, names: bytes, labels: bytes, train: list[str], test: str, md5: Mapping[str, str]
) -> Source:
    classes = tuple(name.decode().replace("_", " ") for name in _read(root / meta, names)[names])
    for name in (*train, test):
        check_md5(root / name, md5.get(name))
    pool, held_out = (
        _dataset([_read(root / name, b"data", labels) for name in part], labels, classes)
        for part in (train, [test])
    )
    return Source(pool, held_out)


def _dataset(batches: list[dict[bytes, Any]], labels: bytes, classes: tuple[str, ...]) -> Dataset:
    rows = np.concatenate([np.asarray(batch[b"data"], dtype=np.uint8) for batch in batches])
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    targets = np.concatenate([np.asarray(batch[labels], dtype=np.int64) for batch in batches])
    return Dataset(np.ascontiguousarray(images), targets, classes)


def _read(path: Path, *keys: bytes) -> dict[bytes, Any]:
    try:
        with path.open("rb") as file:
            found = _Plain(file, encoding="bytes").load()
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, AttributeError, IndexError) as error:
        raise DataError(f"{path} cannot be read ({error}); unpack the data set again") from error
    if not isinstance(found, dict) or any(key not in found for key in keys):
        raise DataError(f"{path} lacks {', '.join(key.decode() for key in keys)}; is it this data set's file?")
    return found


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no plain array needs")
