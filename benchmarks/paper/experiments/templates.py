"""Template and size: Fig. 6 of Bahng et al. 2022 (arXiv 2203.17274), with the single pixel of Fig. 7.

There: CLIP on EuroSAT, 224 px. Small scale, twice: the CIFAR-10 ResNet20 reads handwritten digits at 32 px by the
hard-coded map, class i to label i, from chance; and ConSE, by its texts, sees CIFAR-10 at 112 px from its zero-shot
start. Rows are a frame's width in pixels; a patch's side is twice that, so that the widest of all leave little bare.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, Means, best_of
from benchmarks.paper.experiments.published import CIFAR10_CLASSES, VP, clip
from benchmarks.paper.inputs import HUB
from benchmarks.paper.records import Cell, Scale, Spec
from benchmarks.paper.steps import chosen_step

PAPER_SIZES = ("10", "30", "50", "70", "90")
PATCHES = ("fixed-patch", "random-patch")
COLUMNS = ("padding", *PATCHES)
NOTHING, PIXEL = "no prompt", "single pixel"

DIGITS: dict[str, Any] = {
    "oracle": {"adapter": "cifar-resnet", "weights": "{inputs}/cifar10-resnets/resnet20-12fca82f.th"},
    "data": {"source": "digits", "shots": 30, "validation": 100, "test": 500},
    "labels": {"map": "identity"},
    "fit": {"method": "gradient", "epochs": 15, "batch_size": 16, "looks": 5},
}
TEXT: dict[str, Any] = {
    "oracle": {
        "adapter": "conse",
        "embeddings": "{inputs}/conse-text/minilm_l6_v2_text.npz",
        "texts": "text_cifar10",
        "classes": list(CIFAR10_CLASSES),
        "input_size": 112,
        "threads": 1,
    },
    "data": {"source": "npz:{inputs}/cifar10.npz", "shots": 20, "validation": 200, "test": 500},
    "labels": {"map": "identity"},
    "fit": {"method": "gradient", "step_size": chosen_step(), "epochs": 9, "batch_size": 16, "looks": 9},
}
EUROSAT = "eurosat:{inputs}/eurosat"
PAPER: dict[str, Any] = {
    "oracle": clip(EUROSAT),
    "data": {"source": EUROSAT, "validation": 2700, "test": 8100},
    "labels": {"map": "identity"},
    "fit": VP,
}


def make(name: str, title: str, base: dict[str, Any], sizes: tuple[str, ...], needs: tuple[str, ...]) -> Experiment:
    """The same table for one model and its images."""
    rows: dict[Scale, tuple[str, ...]] = {
        "small": (NOTHING, PIXEL, *sizes),
        "paper": (NOTHING, PIXEL, *PAPER_SIZES),
    }

    def spec(cell: Cell) -> Spec | None:
        """No prompt and the single pixel stand in the padding's column."""
        config, wanted = (base, needs) if cell.scale == "small" else (PAPER, (HUB,))
        if cell.row in (NOTHING, PIXEL) and cell.column != "padding":
            return None
        if cell.row == NOTHING:
            return Spec(kind="no-prompt", config=config, needs=wanted)
        prompt: dict[str, Any] = {"template": cell.column, "blend": "add"}
        prompt |= {"template": "single-pixel"} if cell.row == PIXEL else {"size": _size(cell)}
        return Spec(kind="run", config={**config, "prompt": prompt}, needs=wanted)

    return Experiment(
        name=name,
        title=title,
        rows=rows,
        columns={"small": COLUMNS, "paper": COLUMNS},
        spec=spec,
        seeds={"small": 2, "paper": 1},
        claims=_claims(sizes),
    )


def _size(cell: Cell) -> int:
    return int(cell.row) * (2 if cell.column in PATCHES else 1)


def _claims(sizes: tuple[str, ...]) -> tuple[Claim, ...]:
    def fixed_beats_random(means: Means) -> bool | None:
        found = [means[column, size] for column in PATCHES for size in sizes if (column, size) in means]
        if len(found) < 2 * len(sizes):
            return None
        return sum(found[: len(sizes)]) > sum(found[len(sizes) :])

    def padding_is_best(means: Means) -> bool | None:
        padding, *patches = (best_of(column, sizes, means) for column in COLUMNS)
        known = [value for value in patches if value is not None]
        return None if padding is None or len(known) < len(patches) else padding > max(known)

    return (
        Claim("a patch in a fixed place beats one in random places, on average over sizes", fixed_beats_random),
        Claim("padding is the best of the three, each at its best size", padding_is_best),
        Claim("with padding, accuracy rises with size and then falls", _compare(_inner_peak, "padding", sizes)),
        Claim("a single pixel gains already, 1 point or more (about 3 in the paper)", _pixel_gains),
    )


def _compare(
    holds: Callable[[list[float]], bool], column: str, sizes: tuple[str, ...]
) -> Callable[[Means], bool | None]:
    def check(means: Means) -> bool | None:
        found = [means[column, size] for size in sizes if (column, size) in means]
        return holds(found) if len(found) == len(sizes) else None

    return check


def _inner_peak(found: list[float]) -> bool:
    return found[0] < max(found) and found[-1] < max(found)


POINT = 1.0
"""Of accuracy, in per cent: seeds differ by about half of it."""


def _pixel_gains(means: Means) -> bool | None:
    pixel, nothing = means.get(("padding", PIXEL)), means.get(("padding", NOTHING))
    return None if pixel is None or nothing is None else pixel >= nothing + POINT


TEMPLATES = make(
    "templates",
    "Template and size, ResNet20 reads digits: Fig. 6 and 7 of Bahng et al. 2022",
    DIGITS,
    ("1", "2", "4", "6", "8", "12", "15"),
    ("shared:cifar10-resnets",),
)
TEMPLATES_TEXT = make(
    "templates-text",
    "Template and size, ConSE on CIFAR-10: Fig. 6 and 7 of Bahng et al. 2022",
    TEXT,
    ("4", "8", "15", "25", "40", "55"),
    ("shared:cifar10", "shared:conse-text", "package:efficientnet_lite_pytorch"),
)
