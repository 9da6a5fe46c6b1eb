"""Frozen models at 224 pixels: the paper's two, with random weights, and one whose weights are at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from bbprompt_adapters.torch_module import TorchOracle

SIDE = 224
CLASSES = ("cat", "dog", "horse", "ship")


@dataclass(frozen=True, slots=True)
class Frozen:
    """A module, and the oracle that took it over.

    Attributes:
        module: normalised images (n, 3, 224, 224) to logits.
        oracle: the same module, seen from outside.
        pairs: VP's map for vision models, class i is label i; ``None`` where the labels are the classes.
        amp: whether the oracle passes it in bfloat16.
    """

    module: torch.nn.Module
    oracle: TorchOracle
    pairs: Mapping[str, str | int] | None = None
    amp: bool = False


HARD_CODED = {name: number for number, name in enumerate(CLASSES)}


def vit_b32(**how: Any) -> Frozen:
    """CLIP's ViT-B/32 with a zero-shot head."""
    import open_clip

    from bbprompt_adapters.open_clip_ import MEAN, STD, TEXT, ZeroShot, encode_classes

    clip = open_clip.create_model("ViT-B-32", pretrained=None).eval()
    texts = encode_classes(clip, "ViT-B-32", CLASSES, (TEXT,))
    module = ZeroShot(clip.visual, texts, scale=float(clip.logit_scale.detach().exp()), bias=0.0)
    return _freeze(module, CLASSES, MEAN, STD, None, **how)


def resnet50(**how: Any) -> Frozen:
    """ImageNet's ResNet-50."""
    from torchvision import models

    known = models.ResNet50_Weights.IMAGENET1K_V1
    preprocess, names = known.transforms(), known.meta["categories"]
    return _freeze(models.resnet50(weights=None), names, preprocess.mean, preprocess.std, HARD_CODED, **how)


def lite0(**how: Any) -> Frozen:
    """EfficientNet-Lite0, with its weights."""
    from bbprompt_adapters.efficientnet_lite0 import MEAN, STD, imagenet_labels, load_module

    return _freeze(load_module(SIDE), imagenet_labels(), [MEAN] * 3, [STD] * 3, HARD_CODED, **how)


def _freeze(
    module: torch.nn.Module,
    labels: Sequence[str],
    mean: Sequence[float],
    std: Sequence[float],
    pairs: Mapping[str, str | int] | None,
    *,
    device: str,
    amp: bool,
    compile: bool,  # noqa: A002
) -> Frozen:
    import torch

    from bbprompt_adapters.torch_module import TorchOracle

    run: Any = torch.compile(module) if compile else module
    oracle = TorchOracle(
        run,
        name="frozen",
        labels=labels,
        input_size=(SIDE, SIDE),
        mean=mean,
        std=std,
        device=device,
        amp=amp,
    )
    return Frozen(run, oracle, pairs, amp and oracle.device.type == "cuda")


MODELS: Mapping[str, Callable[..., Frozen]] = {"vit-b-32": vit_b32, "resnet50": resnet50, "lite0": lite0}
