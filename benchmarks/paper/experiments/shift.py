"""Under distribution shift: Tables 2 and 5 of Bahng et al. 2022 (arXiv 2203.17274), on WILDS' three data sets.

Learned in some hospitals, years or camera traps, tested in others. Here no such images can be had, so the small scale
is a stand-in, and named as one: scikit-learn's digits are learned and MNIST's tested, other hands and another scanner,
through the CIFAR-10 ResNet20; and CIFAR-10 is learned lossless and its test images seen as JPEGs, through
EfficientNet-Lite0 at 64 px. Beside each, the same test without the shift.
"""

from __future__ import annotations

from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, Means
from benchmarks.paper.experiments.published import VP, clip
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Kind, Spec

KINDS: dict[str, Kind] = {
    "zero-shot": "no-prompt",
    "no prompt + linear map": "no-prompt",
    "linear probe": "linear-probe",
    "full fine-tuning": "fine-tuning",
    "vp": "run",
    "ours": "run",
}
RESNET20: dict[str, Any] = {"adapter": "cifar-resnet", "weights": "{inputs}/cifar10-resnets/resnet20-12fca82f.th"}
LITE0: dict[str, Any] = {"adapter": "efficientnet-lite0", "input_size": 64, "threads": 1}
DIGITS_NEEDS = ("shared:cifar10-resnets", "shared:mnist", "package:sklearn")
CIFAR_NEEDS = ("shared:cifar10", "package:efficientnet_lite_pytorch")

SMALL: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "digits": (RESNET20, "digits", DIGITS_NEEDS),
    "digits to MNIST": (RESNET20, "npz:{inputs}/digits-to-mnist.npz", DIGITS_NEEDS),
    "CIFAR-10": (LITE0, "npz:{inputs}/cifar10.npz", CIFAR_NEEDS),
    "CIFAR-10 to JPEG": (LITE0, "npz:{inputs}/cifar10-to-jpeg.npz", CIFAR_NEEDS),
}
SHIFTED = ("digits to MNIST", "CIFAR-10 to JPEG")
PAPER = ("camelyon17", "fmow", "iwildcam")


def spec(cell: Cell) -> Spec | None:
    """Rows are methods; columns, data sets. The small scale's models have no texts, and so no zero-shot start."""
    if cell.scale == "paper":
        return _paper(cell)
    oracle, source, needs = SMALL[cell.column]
    if cell.row == "zero-shot":
        return None
    data = {"source": source, "shots": 30, "validation": 100, "test": 500}
    config: dict[str, Any] = {"oracle": oracle, "data": data, "labels": {"map": "linear"}}
    if cell.row == "ours":
        config["fit"] = {"method": "gradient", "epochs": 20, "looks": 5}
    if cell.row == "vp":
        side = 32 if oracle is RESNET20 else 64
        fit = {"epochs": 20, "batch_size": 16, "looks": 5, "warmup_steps": 20}
        config |= {"preset": "vp", "prompt": {"size": round(30 * side / 224)}, "fit": fit}
    return Spec(kind=KINDS[cell.row], config=config, needs=needs)


def _paper(cell: Cell) -> Spec:
    source = f"{cell.column}:{{inputs}}/wilds"
    config: dict[str, Any] = {
        "oracle": clip(source),
        "data": {"source": source, "validation": 1000, "test": 5000},
        "labels": {"map": "identity" if cell.row in ("zero-shot", "vp") else "linear"},
    }
    if cell.row == "vp":
        config |= {"prompt": {"template": "padding", "size": 30, "blend": "add"}, "fit": VP}
    if cell.row == "ours":
        config["fit"] = {"method": "gradient", "epochs": 100, "batch_size": 128}
    return Spec(kind=KINDS[cell.row], config=config, needs=(HUB,))


def _loses_least(means: Means) -> bool | None:
    """Whether a prompt loses less to each shift than a probe and fine-tuning do."""
    lost = [
        {row: means[before, row] - means[after, row] for row in ("ours", "linear probe", "full fine-tuning")}
        for after in SHIFTED
        for before in (after.partition(" to ")[0],)
        if all((column, row) in means for column in (before, after) for row in KINDS if row != "zero-shot")
    ]
    return all(found["ours"] == min(found.values()) for found in lost) if len(lost) == len(SHIFTED) else None


SHIFT = Experiment(
    name="shift",
    title="Under distribution shift: Tables 2 and 5 of Bahng et al. 2022",
    note=(
        "Published: CLIP on WILDS; on Camelyon17 VP is 4.9 points above a linear probe and 6.5 above fine-tuning. The "
        "small scale is a stand-in: no image of WILDS can be had here."
    ),
    rows={"small": tuple(KINDS), "paper": tuple(KINDS)},
    columns={"small": tuple(SMALL), "paper": PAPER},
    spec=spec,
    seeds={"small": 1, "paper": 1},
    claims=(Claim("a prompt loses less to the shift than a linear probe and fine-tuning", _loses_least),),
)
