"""The frozen models of the tasks, opened from the folder of real data or from a package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bbprompt.oracle import DifferentiableOracle
from bbprompt_adapters import cifar_resnet, conse, efficientnet_lite0
from benchmarks.queries.sources import CIFAR10, DTD10

RESNETS = {
    20: "resnet20-12fca82f.th",
    32: "resnet32-d509ac18.th",
    44: "resnet44-014dd654.th",
    56: "resnet56-4bfd9763.th",
}
TEXTS = {"cifar10": CIFAR10, "dtd10": DTD10}


@cache
def resnet(data: Path, layers: int) -> DifferentiableOracle:
    """A CIFAR-10 network, 32 px."""
    weights = data / "cifar10-resnets" / RESNETS[layers]
    return cifar_resnet.open_oracle({"weights": str(weights), "answer": "probabilities"})


@cache
def lite0(_data: Path, size: int) -> DifferentiableOracle:
    """EfficientNet-Lite0, a thousand labels."""
    return efficientnet_lite0.open_oracle({"input_size": size, "answer": "probabilities"})


@cache
def text(data: Path, size: int, texts: str) -> DifferentiableOracle:
    """ConSE on Lite0: one label per class, by its name."""
    embeddings = data / "conse-text" / "minilm_l6_v2_text.npz"
    options = {"embeddings": str(embeddings), "texts": f"text_{texts}", "classes": TEXTS[texts], "input_size": size}
    return conse.open_oracle(options)
