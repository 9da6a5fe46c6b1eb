"""The papers' data sets, each from a tiny tree in its real form: which image, which class, which split."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.data import SOURCES, load_source, split
from bbprompt.data.listing import Pool
from bbprompt.data.named import NAMED, cifar, svhn
from bbprompt.data.texts import COOP_TEXTS, VP_TEXTS, vp_text
from bbprompt.errors import ConfigError, DataError

from .trees import TREES, level, picture

Expected = list[tuple[int, str]]
"""Grey level and class name of each image, in order."""

PAIR = ("apple pie", "tacos")
COUNTS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten")

EXPECTED: Mapping[str, tuple[Expected, Expected | None]] = {
    "food101": ([(10, "apple pie"), (20, "tacos")], [(0, "apple pie"), (30, "tacos")]),
    "eurosat": ([(0, "annual crop land"), (10, "annual crop land"), (20, "sea or lake")], None),
    "sun397": ([(0, "abbey"), (10, "indoor apse")], [(20, "abbey"), (30, "indoor apse")]),
    "dtd": (
        [(0, "banded"), (10, "zigzagged"), (20, "banded"), (30, "zigzagged")],
        [(40, "banded"), (50, "zigzagged")],
    ),
    "ucf101": ([(0, "Apply Eye Makeup"), (10, "Tai Chi")], [(20, "Apply Eye Makeup"), (30, "Tai Chi")]),
    "oxford-pets": ([(0, "abyssinian"), (10, "american bulldog")], [(20, "abyssinian"), (30, "american bulldog")]),
    "resisc45": ([(0, "airplane"), (10, "airplane"), (20, "tennis court")], None),
    "clevr-count": (
        [(3 + i, name) for i, name in enumerate(COUNTS)],
        [(103 + i, name) for i, name in enumerate(COUNTS)],
    ),
    "camelyon17": (
        [(0, "not containing"), (1, "containing"), (10, "not containing"), (11, "containing")],
        [(40, "not containing"), (41, "containing")],
    ),
    "fmow": ([(0, "car dealership"), (1, "zoo")], [(8, "car dealership"), (9, "zoo")]),
    "iwildcam": ([(10, "empty"), (20, "panthera leo")], [(60, "panthera leo"), (70, "empty")]),
    "svhn": ([(i, str((i + 1) % 10)) for i in range(10)], [(100 + i, str((i + 1) % 10)) for i in range(10)]),
    "cifar10": (
        [(i + 40 * b, ("aquarium fish", "bee")[i in (1, 2)]) for b in range(5) for i in range(4)],
        [(i + 200, ("aquarium fish", "bee")[i in (1, 2)]) for i in range(4)],
    ),
    "cifar100": (
        [(i, ("aquarium fish", "bee")[i in (1, 2)]) for i in range(4)],
        [(i + 40, ("aquarium fish", "bee")[i in (1, 2)]) for i in range(4)],
    ),
}


@pytest.fixture(autouse=True)
def not_the_published_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in (cifar.CIFAR10_MD5, cifar.CIFAR100_MD5, svhn.MD5):
        for name in table:
            monkeypatch.setitem(table, name, None)  # type: ignore[arg-type]


def seen(pool: Pool) -> Expected:
    return [(level(image), pool.classes[number]) for image, number in zip(pool.images, pool.targets, strict=True)]


def near(found: Expected, expected: Expected) -> bool:
    """JPEG may move a grey level by one or two."""
    return [name for _, name in found] == [name for _, name in expected] and np.allclose(
        [grey for grey, _ in found], [grey for grey, _ in expected], atol=2
    )


def test_every_named_set_has_a_tree() -> None:
    assert set(TREES) == set(NAMED) == set(EXPECTED) | {"flowers102"}
    assert set(NAMED) <= set(SOURCES)
    assert set(COOP_TEXTS) | set(VP_TEXTS) <= set(NAMED)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("size", [None, (5, 6)])
def test_images_classes_and_splits_are_the_published_ones(
    tmp_path: Path, name: str, size: tuple[int, int] | None
) -> None:
    TREES[name](tmp_path)
    source = load_source(f"{name}:{tmp_path}", size=size)
    pool, test = EXPECTED[name]
    assert near(seen(source.pool), pool)
    assert (source.test is None) == (test is None)
    if source.test is not None and test is not None:
        assert near(seen(source.test), test)
    if size is not None and name not in ("svhn", "cifar10", "cifar100"):
        assert source.pool.images.shape[1:] == (*size, 3)


def test_flowers_by_their_official_split(tmp_path: Path) -> None:
    TREES["flowers102"](tmp_path)
    source = load_source(f"flowers102:{tmp_path / 'flowers-102'}", size=(4, 4))
    assert source.test is not None
    assert (len(source.pool), len(source.test), len(source.pool.classes)) == (204, 102, 102)
    assert source.pool.classes[:2] == ("pink primrose", "hard-leaved pocket orchid")
    assert source.pool.targets.tolist() == [*range(102), *range(102)]
    greys = [level(image) for image in source.test.images]
    np.testing.assert_allclose(greys, [number % 200 for number in range(205, 307)], atol=2)


def test_few_shots_read_no_more_files_than_they_need(tmp_path: Path) -> None:
    for number in range(40):
        picture(tmp_path / "2750" / ("Forest", "River")[number % 2] / f"{number}.jpg", number)
    source = load_source(f"eurosat:{tmp_path}", size=(4, 4))
    splits = split(source, shots=2, validation=4, test=6, rng=np.random.default_rng(0))
    kept = {
        round(float(np.median(image)))
        for part in (splits.train, splits.validation, splits.test)
        for image in part.images
    }
    assert len(kept) == 14
    for path in (tmp_path / "2750").rglob("*.jpg"):
        path.write_bytes(b"damaged")
    again = load_source(f"eurosat:{tmp_path}", size=(4, 4))  # lists, reads nothing
    with pytest.raises(DataError, match="is not an image that can be read"):
        split(again, shots=2, validation=4, test=6, rng=np.random.default_rng(0))


COOP = {
    "train": [["AnnualCrop/AnnualCrop_1.jpg", 0, "Annual Crop Land"], ["SeaLake/SeaLake_1.jpg", 1, "Sea or Lake"]],
    "val": [["AnnualCrop/AnnualCrop_2.jpg", 0, "Annual Crop Land"]],
    "test": [["SeaLake/SeaLake_1.jpg", 1, "Sea or Lake"], ["AnnualCrop/AnnualCrop_2.jpg", 0, "Annual Crop Land"]],
}
COOP_FILES = {
    "flowers102": ("flowers-102", "jpg", "OxfordFlowers"),
    "food101": ("food-101", "images", "Food101"),
    "eurosat": (".", "2750", "EuroSAT"),
    "sun397": (".", "SUN397", "SUN397"),
    "dtd": ("dtd", "images", "DescribableTextures"),
    "ucf101": (".", "UCF-101-midframes", "UCF101"),
    "oxford-pets": ("oxford-iiit-pet", "images", "OxfordPets"),
}


@pytest.mark.parametrize("name", COOP_FILES)
def test_coops_split_holds_where_it_lies_beside_the_images(tmp_path: Path, name: str) -> None:
    TREES[name](tmp_path)
    folder, images, stem = COOP_FILES[name]
    for grey, (file, _, _) in enumerate([*COOP["train"], *COOP["val"]]):
        picture(tmp_path / folder / images / str(file), 50 + grey)
    (tmp_path / folder / f"split_zhou_{stem}.json").write_text(json.dumps(COOP))
    source = load_source(f"{name}:{tmp_path}", size=(4, 4))
    land, sea = "Annual Crop Land", "Sea or Lake"
    assert near(seen(source.pool), [(50, land), (51, sea), (52, land)])
    assert source.test is not None
    assert near(seen(source.test), [(51, sea), (52, land)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no split file of CoOp's"),
        ('{"train": [], "val": []}', "no split file of CoOp's"),
        (json.dumps({**COOP, "val": [["a.jpg", 7, "x"]]}), r"numbers its 3 classes \[0, 1, 7\]"),
    ],
)
def test_damaged_split_files_are_named(tmp_path: Path, content: str, message: str) -> None:
    TREES["eurosat"](tmp_path)
    (tmp_path / "split_zhou_EuroSAT.json").write_text(content)
    with pytest.raises(DataError, match=rf"split_zhou_EuroSAT.json .*{message}|{message}"):
        load_source(f"eurosat:{tmp_path}")


@pytest.mark.parametrize("name", NAMED)
def test_a_missing_data_set_is_answered_with_its_address(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=rf"does not hold {name}: .*get the data set from http") as found:
        load_source(f"{name}:{tmp_path}")
    assert "\n" not in str(found.value)
    with pytest.raises(ConfigError, match=f'write source = "{name}:DIR"'):
        load_source(name)


@pytest.mark.parametrize("name", ["cifar10", "svhn", "clevr-count", "camelyon17", "food101"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    TREES[name](tmp_path)
    victims = {
        "cifar10": "data_batch_3",
        "svhn": "test_32x32.mat",
        "clevr-count": "CLEVR_val_scenes.json",
        "camelyon17": "metadata.csv",
        "food101": "train.txt",
    }
    (victim,) = tmp_path.rglob(victims[name])
    victim.write_bytes(b"\xff\xfejunk")
    with pytest.raises(DataError, match=victims[name].replace(".", r"\.")):
        load_source(f"{name}:{tmp_path}")


class Harmful:
    def __reduce__(self) -> Any:
        return (print, ("this must not run",))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    TREES["cifar10"](tmp_path)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({b"data": Harmful()}))
    with pytest.raises(DataError, match=r"it asks for builtins\.print"):
        load_source(f"cifar10:{tmp_path}")
    assert capsys.readouterr().out == ""


def test_files_that_are_not_the_published_ones_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    TREES["svhn"](tmp_path)
    monkeypatch.setitem(svhn.MD5, "train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373")
    with pytest.warns(UserWarning, match=r"train_32x32\.mat is not the published file: md5 .*, expected e26dedcc"):
        load_source(f"svhn:{tmp_path}")


def test_resisc_by_torchgeos_lists(tmp_path: Path) -> None:
    TREES["resisc45"](tmp_path)
    lists = {"train": ["tennis_court_001.jpg", "airplane_002.jpg"], "val": [], "test": ["airplane_001.jpg"]}
    lists["test"].append("tennis_court_001.jpg")
    for part, lines in lists.items():
        (tmp_path / f"resisc45-{part}.txt").write_text("".join(f"{line}\n" for line in lines))
    source = load_source(f"resisc45:{tmp_path}")
    assert near(seen(source.pool), [(20, "tennis court"), (10, "airplane")])
    assert source.test is not None
    assert near(seen(source.test), [(0, "airplane"), (20, "tennis court")])


def test_vps_texts() -> None:
    assert vp_text("eurosat:/data") == "This is a photo of a {}"
    assert vp_text("clevr-count:/data").format("three") == "This is a photo of three objects"
    assert all(text.count("{}") == 1 for text in (*VP_TEXTS.values(), *COOP_TEXTS.values()))
