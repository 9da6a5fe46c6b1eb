"""What a map's meaning is worth: the toy of section 6.3, Bahng et al. 2022 (arXiv 2203.17274).

Dogs and cats are told apart by an ImageNet classifier whose labels of a dog and a cat are read as such, or swapped.
Small scale: CIFAR-10's dogs and cats through EfficientNet-Lite0 at 112 px; labels chosen by text embeddings.
"""

from __future__ import annotations

from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, rising
from benchmarks.paper.experiments.published import VP
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Spec

MAPS = ("swapped", "semantic")
PROMPT = {"template": "padding", "size": 15, "blend": "add"}

SMALL: dict[str, Any] = {
    "oracle": {"adapter": "efficientnet-lite0", "input_size": 112, "threads": 1},
    "data": {"source": "npz:{inputs}/dogs-and-cats.npz", "shots": 100, "validation": 100, "test": 300},
    "prompt": PROMPT,
    "fit": {"method": "gradient", "epochs": 12, "batch_size": 16, "looks": 4},
}
PAPER: dict[str, Any] = {
    "oracle": {"adapter": "torchvision", "architecture": "resnet50", "weights": "IMAGENET1K_V1"},
    "data": {"source": "folder:{inputs}/dogs-and-cats", "validation": 500, "test": 2000},
    "prompt": {"template": "padding", "size": 30, "blend": "add"},
    "fit": {**VP, "batch_size": 128},
}


def spec(cell: Cell) -> Spec:
    """Rows are maps; columns, without a prompt and with."""
    base, needs = (SMALL, _NEEDS) if cell.scale == "small" else (PAPER, (HUB,))
    text = "npz:{inputs}/words.npz" if cell.scale == "small" else "minilm-l6-v2"
    config = {**base, "labels": {"map": cell.row, "text": text}}
    return Spec(kind="run" if cell.column == "prompt" else "no-prompt", config=config, needs=needs)


_NEEDS = ("shared:cifar10", "shared:conse-text", "package:efficientnet_lite_pytorch")
_COLUMNS = ("no prompt", "prompt")

DOGS_AND_CATS = Experiment(
    name="dogs-and-cats",
    title="Semantic against swapped map: section 6.3 of Bahng et al. 2022",
    note="Published: large photographs of dogs and cats; here thumbnails of 32 px, enlarged.",
    rows={"small": MAPS, "paper": MAPS},
    columns={"small": _COLUMNS, "paper": _COLUMNS},
    spec=spec,
    seeds={"small": 3, "paper": 1},
    published={("prompt", "semantic"): 100.0, ("prompt", "swapped"): 62.5},
    claims=(Claim("a prompt works better with a map that means something", rising("prompt", MAPS)),),
)
