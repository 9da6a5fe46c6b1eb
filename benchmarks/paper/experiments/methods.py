"""Methods against each other: the rows of Tables 1 and 4, Bahng et al. 2022, and their successors, by preset.

Small scale: three frozen models and images that they were not made for, frames scaled to their sizes, twenty epochs
instead of a hundred or a thousand. Published: CLIP, average over twelve data sets at full scale.
"""

from __future__ import annotations

import math
from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, Means
from benchmarks.paper.experiments.published import CIFAR10_CLASSES, clip
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Kind, Spec

EPOCHS = 20
PUBLISHED_SIDE, PUBLISHED_SIZE = 224, 69_840
FRAMES = {"vp": 30, "evp": 30, "ilm-vp": 48, "blm+": 48, "autovp": 48}
"""Frames' widths at 224 pixels; AutoVP's is where learning starts."""

KINDS: dict[str, Kind] = {
    "zero-shot": "no-prompt",
    "no prompt + linear map": "no-prompt",
    "linear probe": "linear-probe",
    "full fine-tuning": "fine-tuning",
}
OURS: dict[str, Kind] = {
    "ours": "run",
    "ours + linear probe": "prompt-and-probe",
    "ours, 3 prompts averaged": "ensemble",
}
NORMALISED = "vp, their domain"
ROWS = (*KINDS, "vp", NORMALISED, "evp", "ilm-vp", "blm+", "autovp", *OURS)

HARD_CODED = {"map": "given", "pairs": {str(digit): digit for digit in range(10)}}
"""VP's map for vision models: class i is label i."""

MODELS: dict[str, tuple[int, dict[str, Any], tuple[str, ...]]] = {
    "ResNet20, digits": (
        32,
        {
            "oracle": {"adapter": "cifar-resnet", "weights": "{inputs}/cifar10-resnets/resnet20-12fca82f.th"},
            "data": {"source": "digits", "shots": 30, "validation": 100, "test": 500},
        },
        ("shared:cifar10-resnets",),
    ),
    "Lite0, digits": (
        64,
        {
            "oracle": {"adapter": "efficientnet-lite0", "input_size": 64, "threads": 1},
            "data": {"source": "digits", "shots": 30, "validation": 100, "test": 500},
        },
        ("package:efficientnet_lite_pytorch",),
    ),
    "ConSE, CIFAR-10": (
        96,
        {
            "oracle": {
                "adapter": "conse",
                "embeddings": "{inputs}/conse-text/minilm_l6_v2_text.npz",
                "texts": "text_cifar10",
                "classes": list(CIFAR10_CLASSES),
                "input_size": 96,
                "threads": 1,
            },
            "data": {"source": "npz:{inputs}/cifar10.npz", "shots": 20, "validation": 100, "test": 500},
        },
        ("shared:cifar10", "shared:conse-text", "package:efficientnet_lite_pytorch"),
    ),
}
DATA = (
    "cifar100", "cifar10", "flowers102", "food101", "eurosat", "sun397",
    "dtd", "ucf101", "svhn", "oxford-pets", "resisc45", "clevr-count",
)  # fmt: skip


def spec(cell: Cell) -> Spec | None:
    """Only ConSE has texts, and so a zero-shot start."""
    if cell.scale == "paper":
        return _paper(cell)
    side, base, needs = MODELS[cell.column]
    if cell.row == "zero-shot" and not cell.column.startswith("ConSE"):
        return None
    if cell.row in KINDS:
        label_map = "identity" if cell.row == "zero-shot" else "linear"
        return Spec(kind=KINDS[cell.row], config={**base, "labels": {"map": label_map}}, needs=needs)
    if cell.row in OURS:
        fit = {"method": "gradient", "epochs": EPOCHS, "looks": 5}
        return Spec(kind=OURS[cell.row], config={**base, "labels": {"map": "linear"}, "fit": fit}, needs=needs)
    config = {**base, **_preset("vp" if cell.row == NORMALISED else cell.row, side)}
    if cell.row in ("vp", NORMALISED, "evp") and cell.column.startswith("Lite0"):
        config["labels"] = HARD_CODED
    return _as_they_do(config, needs) if cell.row == NORMALISED else Spec(kind="run", config=config, needs=needs)


def _as_they_do(config: dict[str, Any], needs: tuple[str, ...]) -> Spec:
    """VP after normalisation, with the step as published."""
    return Spec(kind="normalised", config={**config, "fit": {**config["fit"], "step_size": 40.0}}, needs=needs)


def _preset(name: str, side: int) -> dict[str, Any]:
    """The preset at this size: a frame in proportion, and a normalised step that moves each pixel as far."""
    frame = round(FRAMES[name] * side / PUBLISHED_SIDE)
    fit: dict[str, Any] = {"epochs": EPOCHS, "batch_size": 16, "looks": 5}
    if name == "vp":
        fit["warmup_steps"] = EPOCHS
    if name == "evp":
        fit["augment"] = True
        fit["step_size"] = 70 * math.sqrt(2 * 3 * frame * (2 * side - 2 * frame) / PUBLISHED_SIZE)
    return {"preset": name, "prompt": {"size": frame}, "fit": fit}


def _paper(cell: Cell) -> Spec:
    source = f"{cell.column}:{{inputs}}/{cell.column}"
    config: dict[str, Any] = {
        "oracle": clip(source),
        "data": {"source": source, "validation": 1000, "test": 5000},
        "labels": {"map": "identity" if cell.row in ("zero-shot", "vp", "evp") else "linear"},
    }
    if cell.row in (*FRAMES, NORMALISED):
        preset = {"preset": "vp" if cell.row == NORMALISED else cell.row, "fit": {}}
        config = {key: config[key] for key in ("oracle", "data")} | preset
    if cell.row == NORMALISED:
        return _as_they_do(config, (HUB,))
    if cell.row in OURS:
        config["fit"] = {"method": "gradient", "epochs": 100, "batch_size": 128}
    return Spec(kind={**KINDS, **OURS}.get(cell.row, "run"), config=config, needs=(HUB,))


def _vp_beats_zero_shot(means: Means) -> bool | None:
    column = "ConSE, CIFAR-10"
    vp, start = means.get((column, "vp")), means.get((column, "zero-shot"))
    return None if vp is None or start is None else vp > start


def _probe_beats_vp_on_vision_models(means: Means) -> bool | None:
    columns = [column for column in MODELS if not column.startswith("ConSE")]
    pairs = [(means.get((column, "linear probe")), means.get((column, "vp"))) for column in columns]
    known = [probe > vp for probe, vp in pairs if probe is not None and vp is not None]
    return all(known) if len(known) == len(pairs) else None


METHODS = Experiment(
    name="methods",
    title="Methods: Tables 1 and 4 of Bahng et al. 2022, and their successors",
    note=(
        "Published: CLIP, mean of twelve data sets at full scale (Wu et al. 2022); other models and images, and a "
        'thousand epochs for VP and EVP where these have twenty. "their domain": added after normalisation, not clipped, '
        "no PNG. Three prompts averaged are three queries an image. AutoVP is run with our steps."
    ),
    rows={"small": ROWS, "paper": ROWS},
    columns={"small": tuple(MODELS), "paper": DATA},
    spec=spec,
    seeds={"small": 2, "paper": 1},
    published={("", "linear probe"): 80.3, ("", "vp"): 77.3, ("", "evp"): 82.5},
    claims=(
        Claim("with a text-prompted model VP gains on zero-shot", _vp_beats_zero_shot),
        Claim("with vision models VP trails a linear probe", _probe_beats_vp_on_vision_models),
    ),
)
