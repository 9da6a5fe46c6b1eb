"""Gain against how far images are from ImageNet's, and how varied: Fig. 5 of Bahng et al. 2022 (arXiv 2203.17274).

This experiment measures the gains; ``python -m benchmarks.paper.domains`` puts them beside the distances. Small scale:
EfficientNet-Lite0 at 64 px, a trained prompt and a linear map against that map alone. Paper: CLIP, against zero-shot.
"""

from __future__ import annotations

from typing import Any

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments.methods import DATA
from benchmarks.paper.experiments.published import VP, clip
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Kind, Spec

COLUMNS = ("no prompt", "prompt")
LITE0: dict[str, Any] = {"adapter": "efficientnet-lite0", "input_size": 64, "threads": 1}
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "digits": ("digits", ("package:sklearn",)),
    "mnist": ("npz:{inputs}/mnist.npz", ("shared:mnist",)),
    "cifar10": ("npz:{inputs}/cifar10.npz", ("shared:cifar10",)),
    "dtd10": ("folder:{inputs}/dtd10", ("shared:dtd10",)),
}
"""The small scale's data sets, and what each needs."""


def spec(cell: Cell) -> Spec:
    """Rows are data sets; columns, without a prompt and with."""
    kind: Kind = "run" if cell.column == "prompt" else "no-prompt"
    if cell.scale == "paper":
        return _paper(cell, kind)
    source, needs = SOURCES[cell.row]
    config = {
        "oracle": LITE0,
        "data": {"source": source, "shots": 20, "validation": 100, "test": 500},
        "labels": {"map": "linear"},
        "fit": {"method": "gradient", "epochs": 15, "looks": 5},
    }
    return Spec(kind=kind, config=config, needs=("package:efficientnet_lite_pytorch", *needs))


def _paper(cell: Cell, kind: Kind) -> Spec:
    source = f"{cell.row}:{{inputs}}/{cell.row}"
    config = {
        "oracle": clip(source),
        "data": {"source": source, "validation": 1000, "test": 5000},
        "labels": {"map": "identity"},
        "prompt": {"template": "padding", "size": 30, "blend": "add"},
        "fit": VP,
    }
    return Spec(kind=kind, config=config, needs=(HUB,))


DOMAINS = Experiment(
    name="domains",
    title="Gain by data set: Fig. 5 of Bahng et al. 2022",
    rows={"small": tuple(SOURCES), "paper": DATA},
    columns={"small": COLUMNS, "paper": COLUMNS},
    spec=spec,
    seeds={"small": 2, "paper": 1},
)
