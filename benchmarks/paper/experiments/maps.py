"""Output transformations against each other: random, frequency, iterative, mean of several, BLM, BLM+, linear.

Published: ResNet18, full-size framed prompt, average of eleven data sets, Chen et al. 2023 (arXiv 2211.11635). Small
scale: EfficientNet-Lite0 without a prompt on CIFAR-10, DTD's first ten classes and digits, where one pass of scores
does for all maps; and on digits with a trained prompt, where maps that learn are refitted as it moves.
"""

from __future__ import annotations

from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, Means, rising
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Spec

ROWS = ("random", "frequency", "iterative", "mean", "bayesian", "bayesian+", "linear")
PROMPTED = "digits, prompt"
DATA: dict[str, dict[str, Any]] = {
    "cifar10": {"source": "npz:{inputs}/cifar10.npz", "shots": 100, "validation": 100, "test": 1000},
    "dtd10": {"source": "folder:{inputs}/dtd10", "shots": 20, "validation": 100, "test": 500},
    "digits": {"source": "digits", "shots": 60, "validation": 100, "test": 800},
}
NEEDS = {
    "cifar10": ("shared:cifar10",),
    "dtd10": ("shared:dtd10",),
    "digits": ("package:sklearn",),
}
FIT = {"method": "gradient", "epochs": 12, "batch_size": 16, "looks": 4}


def spec(cell: Cell) -> Spec | None:
    """Without a prompt nothing is refitted, so there "iterative" is "frequency" and is not measured again."""
    if cell.scale == "paper":
        return _paper(cell)
    source = cell.column.partition(",")[0]
    needs = ("package:efficientnet_lite_pytorch", *NEEDS[source])
    if cell.column != PROMPTED:
        config = _config(DATA[source], 112, cell.row)
        return None if cell.row == "iterative" else Spec(kind="no-prompt", config=config, needs=needs)
    data = {"source": "digits", "shots": 30, "validation": 100, "test": 500}
    config = {**_config(data, 64, cell.row), "fit": FIT, "prompt": {"template": "full-image"}}
    return Spec(kind="run", config=config, needs=needs)


def _config(data: dict[str, Any], side: int, label_map: str) -> dict[str, Any]:
    oracle = {"adapter": "efficientnet-lite0", "input_size": side, "threads": 1}
    return {"oracle": oracle, "data": data, "labels": {"map": label_map}}


def _paper(cell: Cell) -> Spec:
    """ILM-VP's ResNet18 and settings, with each map in turn."""
    config = {
        "oracle": {"adapter": "torchvision", "architecture": "resnet18", "weights": "IMAGENET1K_V1"},
        "data": {"source": f"{cell.column}:{{inputs}}/{cell.column}", "validation": 1000, "test": 5000},
        "preset": "ilm-vp",
        "labels": {"map": cell.row},
    }
    return Spec(kind="run", config=config, needs=(HUB,))


def _order(column: str) -> Claim:
    rows = ("random", "frequency", "iterative") if column == PROMPTED else ("random", "frequency")
    words = " < ".join([*rows, "the better of BLM and BLM+", "linear"])

    def holds(means: Means) -> bool | None:
        bayesian = [means[column, row] for row in ("bayesian", "bayesian+") if (column, row) in means]
        if len(bayesian) < 2:
            return None
        merged = {**means, (column, "better"): max(bayesian)}
        return rising(column, [*rows, "better", "linear"])(merged)

    return Claim(f"{column}: {words}", holds)


_SMALL = (*DATA, PROMPTED)
_PAPER = (
    "flowers102",
    "dtd",
    "ucf101",
    "food101",
    "svhn",
    "eurosat",
    "oxford-pets",
    "sun397",
    "cifar10",
    "cifar100",
)

MAPS = Experiment(
    name="maps",
    title="Output transformations: Chen et al. 2023, Cai et al. 2024",
    note="Published: ResNet18, trained prompt, mean of eleven data sets at full scale; another model, other images.",
    rows={"small": ROWS, "paper": ROWS},
    columns={"small": _SMALL, "paper": _PAPER},
    spec=spec,
    seeds={"small": 3, "paper": 3},
    published={("", "random"): 33.4, ("", "frequency"): 46.0, ("", "iterative"): 46.9},
    claims=tuple(map(_order, _SMALL)),
)
