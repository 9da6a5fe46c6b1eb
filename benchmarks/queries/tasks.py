"""The tasks: a frozen model, images that it was not made for, and how many of them there are to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bbprompt.data import Source
from bbprompt.oracle import DifferentiableOracle
from benchmarks.queries import oracles, sources

CLASSES = 10
"""Of every task."""

BUDGETS = (500, 1_000, 2_000, 5_000, 10_000, 50_000)


@dataclass(frozen=True, slots=True)
class Shots:
    """Labelled images: ``train`` of each class to learn from, ``validation`` in all to select on."""

    train: int
    validation: int


FEW_OR_ALL = MappingProxyType({"16": Shots(16, 100), "all": Shots(50, 250)})
FEW_OR_ALL_OF_DTD = MappingProxyType({"16": Shots(16, 100), "all": Shots(20, 100)})


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTask:
    """One task.

    Attributes:
        oracle: opens the model, given the folder of real data.
        source: loads the images, given the same folder.
        side: height and width of the oracle's images, in pixels.
        needs: files and folders in it, without which the task is left out.
        label_map: the kind that every method and every reference uses here.
        shots: by name.
        test: test images.
        seeds: how many of the committed seeds; fewer where the oracle is slow.
        largest_budget: the largest of ``BUDGETS`` that is worth its time here.
        gradient_passes: images that the gradient reference passes forward.
        gradient_step: its step size, in units of theta; one that photographs bear is too short for digits.
        teaches: whether methods may teach the installed student; not where that is the oracle itself.
    """

    oracle: Callable[[Path], DifferentiableOracle]
    source: Callable[[Path], Source]
    side: int = 32
    needs: tuple[str, ...] = ()
    label_map: str = "linear"
    shots: Mapping[str, Shots] = field(default_factory=lambda: FEW_OR_ALL)
    test: int = 800
    seeds: int = 5
    largest_budget: int = 50_000
    gradient_passes: int = 16_000
    gradient_step: float = 0.02
    teaches: bool = True

    def missing(self, data: Path) -> list[str]:
        """What of ``needs`` is not in the folder of real data."""
        return [name for name in self.needs if not (data / name).exists()]


def _resnet(layers: int, source: Callable[[Path], Source], *needs: str, **more: Any) -> BenchTask:
    oracle = partial(oracles.resnet, layers=layers)
    return BenchTask(oracle=oracle, source=source, needs=("cifar10-resnets", *needs), **more)


# The student that is installed is Lite0: where Lite0 is the oracle, that would be a way in, not a guess at it.
_lite0 = partial(
    BenchTask,
    oracle=partial(oracles.lite0, size=112),
    side=112,
    seeds=3,
    largest_budget=5_000,
    gradient_passes=5_000,
    teaches=False,
)


def _text(texts: str, source: Callable[[Path], Source], *, shots: Mapping[str, Shots], test: int) -> BenchTask:
    """From the zero-shot start: its label map is that of the texts, as with CLIP."""
    return _lite0(
        oracle=partial(oracles.text, size=112, texts=texts),
        source=source,
        needs=(texts, "conse-text"),
        label_map="identity",
        gradient_step=0.001,
        shots=shots,
        test=test,
    )


TASKS: dict[str, BenchTask] = {
    "resnet20-digits": _resnet(20, sources.digits),
    "resnet20-mnist": _resnet(20, sources.mnist, "mnist"),
    "resnet56-digits": _resnet(56, sources.digits),
    "resnet56-mnist": _resnet(56, sources.mnist, "mnist"),
    # Neither this network nor these images at this size were seen while any method was made or tuned.
    "resnet44-dtd10": _resnet(44, sources.dtd10, "dtd10", shots=FEW_OR_ALL_OF_DTD, test=500),
    "lite0-digits": _lite0(source=sources.digits),
    "lite0-cifar10": _lite0(source=sources.cifar10, needs=("cifar10",)),
    "lite0-dtd10": _lite0(source=sources.dtd10, needs=("dtd10",), shots=FEW_OR_ALL_OF_DTD, test=500),
    "conse-cifar10": _text("cifar10", sources.cifar10, shots=FEW_OR_ALL, test=800),
    "conse-dtd10": _text("dtd10", sources.dtd10, shots=FEW_OR_ALL_OF_DTD, test=500),
}

QUICK = {
    "quick": BenchTask(
        oracle=partial(oracles.lite0, size=64),
        side=64,
        source=sources.digits,
        shots=MappingProxyType({"16": Shots(16, 50)}),
        test=200,
        seeds=1,
        largest_budget=500,
        gradient_passes=320,
        teaches=False,
    )
}
"""For CI: seconds, and nothing from the folder of real data."""

TUNING = {
    "resnet32-mnist-held-out": BenchTask(
        oracle=partial(oracles.resnet, layers=32),
        source=sources.mnist_pool,
        needs=("cifar10-resnets", "mnist"),
        shots=MappingProxyType({"16": Shots(16, 100)}),
        test=400,
        largest_budget=5_000,
    )
}
"""For ``tuning.py``; in no table."""
