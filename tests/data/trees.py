"""Tiny data sets, written in the form in which each is published."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from bbprompt.arrays import UInt8


def level(image: UInt8) -> int:
    """What ``picture`` was painted with."""
    return int(np.median(image))


def picture(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.full((9, 7, 3), grey, dtype=np.uint8))
    image.save(path, **({"quality": 100} if path.suffix == ".jpg" else {}))


def text(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def cifar(root: Path, *, fine: bool) -> None:
    root = root / ("cifar-100-python" if fine else "cifar-10-batches-py")
    root.mkdir()
    labels, names, meta = (
        (b"fine_labels", b"fine_label_names", "meta") if fine else (b"labels", b"label_names", "batches.meta")
    )
    files = ["train", "test"] if fine else [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    for number, name in enumerate(files):
        greys = np.arange(4, dtype=np.uint8)[:, None] + 40 * number
        batch = {b"data": np.repeat(greys, 3072, axis=1), labels: [0, 1, 1, 0]}
        (root / name).write_bytes(pickle.dumps(batch, protocol=2))
    (root / meta).write_bytes(pickle.dumps({names: [b"aquarium_fish", b"bee"]}, protocol=2))


def svhn(root: Path) -> None:
    for number, part in enumerate(("train", "test")):
        greys = np.arange(10, dtype=np.uint8) + 100 * number
        images = np.broadcast_to(greys, (32, 32, 3, 10))
        savemat(root / f"{part}_32x32.mat", {"X": images, "y": np.arange(1, 11, dtype=np.uint8)[:, None]})


def flowers102(root: Path) -> None:
    root = root / "flowers-102"
    for number in range(1, 307):
        picture(root / "jpg" / f"image_{number:05d}.jpg", number % 200)
    savemat(root / "imagelabels.mat", {"labels": [[(i % 102) + 1 for i in range(306)]]})
    ids = {"trnid": [[*range(1, 103)]], "valid": [[*range(103, 205)]], "tstid": [[*range(205, 307)]]}
    savemat(root / "setid.mat", ids)


def food101(root: Path) -> None:
    root = root / "food-101"
    for grey, name in enumerate(["apple_pie/1", "apple_pie/2", "tacos/3", "tacos/4"]):
        picture(root / "images" / f"{name}.jpg", 10 * grey)
    text(root / "meta" / "train.txt", ["apple_pie/2", "tacos/3"])
    text(root / "meta" / "test.txt", ["apple_pie/1", "tacos/4"])


def eurosat(root: Path) -> None:
    for grey, name in enumerate(["AnnualCrop/AnnualCrop_1", "AnnualCrop/AnnualCrop_2", "SeaLake/SeaLake_1"]):
        picture(root / "2750" / f"{name}.jpg", 10 * grey)


def sun397(root: Path) -> None:
    files = ["/a/abbey/sun_a.jpg", "/a/apse/indoor/sun_b.jpg", "/a/abbey/sun_c.jpg", "/a/apse/indoor/sun_d.jpg"]
    for grey, name in enumerate(files):
        picture(root / f"SUN397{name}", 10 * grey)
    text(root / "ClassName.txt", ["/a/abbey", "/a/apse/indoor"])
    text(root / "Training_01.txt", files[:2])
    text(root / "Testing_01.txt", files[2:])


def dtd(root: Path) -> None:
    root = root / "dtd"
    files = [f"{name}/{name}_{number:04d}.jpg" for number in range(1, 4) for name in ("banded", "zigzagged")]
    for grey, name in enumerate(files):
        picture(root / "images" / name, 10 * grey)
    for part, lines in {"train1": files[:2], "val1": files[2:4], "test1": files[4:]}.items():
        text(root / "labels" / f"{part}.txt", lines)


def ucf101(root: Path) -> None:
    videos = ["ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01", "TaiChi/v_TaiChi_g08_c01"]
    tests = ["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01", "TaiChi/v_TaiChi_g01_c01"]
    folders = {"ApplyEyeMakeup": "Apply_Eye_Makeup", "TaiChi": "Tai_Chi"}
    for grey, video in enumerate([*videos, *tests]):
        action, name = video.split("/")
        picture(root / "UCF-101-midframes" / folders[action] / f"{name}.jpg", 10 * grey)
    text(root / "ucfTrainTestlist" / "classInd.txt", ["1 ApplyEyeMakeup", "2 TaiChi"])
    text(root / "ucfTrainTestlist" / "trainlist01.txt", [f"{name}.avi {i + 1}" for i, name in enumerate(videos)])
    text(root / "ucfTrainTestlist" / "testlist01.txt", [f"{name}.avi" for name in tests])


def oxford_pets(root: Path) -> None:
    root = root / "oxford-iiit-pet"
    lines = ["Abyssinian_1 1 1 1", "american_bulldog_2 2 2 1", "Abyssinian_3 1 1 1", "american_bulldog_4 2 2 1"]
    for grey, line in enumerate(lines):
        picture(root / "images" / f"{line.split()[0]}.jpg", 10 * grey)
    text(root / "annotations" / "trainval.txt", lines[:2])
    text(root / "annotations" / "test.txt", lines[2:])


def resisc45(root: Path) -> None:
    for grey, name in enumerate(
        ["airplane/airplane_001", "airplane/airplane_002", "tennis_court/tennis_court_001"]
    ):
        picture(root / "NWPU-RESISC45" / f"{name}.jpg", 10 * grey)


def clevr_count(root: Path) -> None:
    root = root / "CLEVR_v1.0"
    for number, part in enumerate(("train", "val")):
        scenes = []
        for count in range(2, 12):
            file = f"CLEVR_{part}_{count:06d}.png"
            picture(root / "images" / part / file, count + 100 * number)
            scenes.append({"image_filename": file, "objects": [{}] * count})
        (root / "scenes").mkdir(exist_ok=True)
        (root / "scenes" / f"CLEVR_{part}_scenes.json").write_text(json.dumps({"scenes": scenes}))


def table(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def camelyon17(root: Path) -> None:
    root = root / "camelyon17_v1.0"
    rows: list[dict[str, object]] = []
    for number, (centre, split) in enumerate([(0, 0), (3, 0), (4, 1), (1, 0), (2, 0)]):
        for tumour in (0, 1):
            rows.append(
                {"": len(rows), "patient": "004", "node": 4, "x_coord": number, "y_coord": tumour, "tumor": tumour}
                | {"slide": number, "center": centre, "split": split}
            )
            name = f"patient_004_node_4/patch_patient_004_node_4_x_{number}_y_{tumour}.png"
            picture(root / "patches" / name, 10 * number + tumour)
    table(root / "metadata.csv", rows)


def fmow(root: Path) -> None:
    root = root / "fmow_v1.1"
    rows: list[dict[str, object]] = []
    for split, year in [
        ("train", 2005),
        ("train", 2014),
        ("seq", 2005),
        ("test", 2017),
        ("test", 2012),
        ("val", 2014),
    ]:
        for category in ("car_dealership", "zoo") if year != 2005 else ("car_dealership", "zoo", "tower"):
            picture(root / "images" / f"rgb_img_{len(rows)}.png", len(rows))
            rows.append({"split": split, "category": category, "timestamp": f"{year}-03-01T08:00:00Z"})
    table(root / "rgb_metadata.csv", rows)


def iwildcam(root: Path) -> None:
    root = root / "iwildcam_v2.0"
    rows: list[dict[str, object]] = []
    for split in ("train", "val", "test", "id_test"):
        for y in (0, 5, 9) if split == "train" else (5, 0):
            rows.append({"split": split, "location": 1, "filename": f"{len(rows)}.jpg", "y": y, "category_id": y})
            picture(root / "train" / f"{len(rows) - 1}.jpg", 10 * len(rows))
    table(root / "metadata.csv", rows)
    names = {0: "empty", 5: "panthera leo", 9: "gone"}
    table(root / "categories.csv", [{"y": y, "category_id": y, "name": names[y], "count": 1} for y in names])


TREES: dict[str, Callable[[Path], None]] = {
    "cifar10": lambda root: cifar(root, fine=False),
    "cifar100": lambda root: cifar(root, fine=True),
    "svhn": svhn,
    "flowers102": flowers102,
    "food101": food101,
    "eurosat": eurosat,
    "sun397": sun397,
    "dtd": dtd,
    "ucf101": ucf101,
    "oxford-pets": oxford_pets,
    "resisc45": resisc45,
    "clevr-count": clevr_count,
    "camelyon17": camelyon17,
    "fmow": fmow,
    "iwildcam": iwildcam,
}
