"""The images of each task, from the folder of real data or from a package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.data import Dataset, Source, load_source

DIGITS = tuple("0123456789")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DTD10 = (
    "banded", "blotchy", "braided", "bubbly", "bumpy",
    "chequered", "cobwebbed", "cracked", "crosshatched", "crystalline",
)  # fmt: skip


@cache
def digits(_data: Path) -> Source:
    """Scikit-learn's 1,797 digits, 8 px."""
    return load_source("digits")


@cache
def mnist(data: Path) -> Source:
    """3,000 digits to learn from and 3,000 to test on, 28 px."""
    with np.load(data / "mnist" / "mnist_sub.npz", allow_pickle=False) as arrays:
        pool, test = (
            Dataset(_rgb(arrays[f"x_{part}"]), arrays[f"y_{part}"].astype(np.int64), DIGITS)
            for part in ("train", "test")
        )
    return Source(pool, test)


@cache
def mnist_pool(data: Path) -> Source:
    """The 3,000 digits of ``mnist`` to learn from, alone."""
    return Source(mnist(data).pool)


@cache
def cifar10(data: Path) -> Source:
    """4,000 images, 32 px. They are of the training split, which no oracle of these tasks was trained on."""
    with np.load(data / "cifar10" / "cifar10_lossless4000.npz", allow_pickle=False) as arrays:
        return Source(Dataset(arrays["x"], arrays["y"].astype(np.int64), CIFAR10))


@cache
def dtd10(data: Path) -> Source:
    """Ten textures, 300 images to learn from and 500 to test on, squeezed to 112 px."""
    with TemporaryDirectory() as folder, ZipFile(data / "dtd10" / "dtd10.zip") as archive:
        archive.extractall(folder)
        return load_source(f"folder:{folder}", size=(112, 112))


def _rgb(grey: UInt8) -> UInt8:
    return np.repeat(grey[..., None], 3, axis=3)
