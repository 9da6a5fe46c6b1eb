"""The small ResNets of CIFAR-10, 32 px: He et al. 2016, "Deep Residual Learning", section 4.2, with shortcut A.

6n + 2 layers: one convolution, three stages of n blocks with 16, 32 and 64 channels, a mean over what is left, one
linear layer. Where a stage halves the image, the shortcut takes every second pixel and pads channels with zeros, so
it has no weights. Weights come from a file: a torch checkpoint whose ``state_dict`` names layers as torchvision
does, as in akamaster/pytorch_resnet_cifar10, which trained 20, 32, 44 and 56 layers to 91.8 to 93.6 %.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer
from bbprompt.registry import needs_extra
from bbprompt_adapters.torch_module import TorchOracle
from bbprompt_adapters.weights import read_state_dict

with needs_extra("torch"):
    import torch
    from torch import nn
    from torch.nn import functional
    from torch.nn.utils.fusion import fuse_conv_bn_eval

LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = (32, 32)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, which these weights were trained with."""

WIDTHS = (16, 32, 64)
FIRST_STAGE = re.compile(r"layer1\.(\d+)\.conv1\.weight")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        weights: path of the checkpoint; the number of layers follows from it.
        answer: what queries answer.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
    """

    weights: str
    answer: Literal["logits", "probabilities"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut without weights."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1: nn.Module = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2: nn.Module = nn.BatchNorm2d(outputs)
        self.stride, self.grown = stride, (outputs - inputs) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        shortcut = x[:, :, :: self.stride, :: self.stride]
        if self.grown:
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, self.grown, self.grown))
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(x)) + shortcut)


class CifarResNet(nn.Module):
    """6 ``blocks`` + 2 layers; normalised float images (n, 3, 32, 32) to logits (n, 10)."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.conv1 = nn.Conv2d(3, first, 3, padding=1, bias=False)
        self.bn1: nn.Module = nn.BatchNorm2d(first)
        self.layer1 = _stage(first, first, blocks, stride=1)
        self.layer2 = _stage(first, second, blocks, stride=2)
        self.layer3 = _stage(second, third, blocks, stride=2)
        self.linear = nn.Linear(third, len(LABELS))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = functional.relu(self.bn1(self.conv1(images)))
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: torch.Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


def open_oracle(options: Mapping[str, object]) -> TorchOracle:
    """Return the network of a checkpoint as a differentiable oracle of CIFAR-10's labels.

    Raises:
        ConfigError: an option that does not fit, or a file that is missing or holds something else.
    """
    chosen = convert(options, Options, where="[oracle]")
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    module, blocks = _load(Path(chosen.weights).expanduser())
    return TorchOracle(
        _fold(module),
        name=f"cifar-resnet{6 * blocks + 2}",
        labels=LABELS,
        input_size=SIZE,
        mean=MEAN,
        std=STD,
        answer=Answer(chosen.answer),
        device=chosen.device,
    )


def _stage(inputs: int, outputs: int, blocks: int, *, stride: int) -> nn.Sequential:
    rest = [Block(outputs, outputs, 1) for _ in range(blocks - 1)]
    return nn.Sequential(Block(inputs, outputs, stride), *rest)


def _load(path: Path) -> tuple[CifarResNet, int]:
    state = read_state_dict(path)
    blocks = sum(FIRST_STAGE.fullmatch(key) is not None for key in state)
    module = CifarResNet(max(blocks, 1))
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:120]
        raise ConfigError(
            f"{path} holds no CIFAR-10 ResNet with shortcut A ({problem}...); name another"
        ) from error
    return module.eval(), blocks


def _fold(module: CifarResNet) -> CifarResNet:
    """Fold batch norms into their convolutions, in place: the same numbers sooner."""
    for parent in [module, *(part for part in module.modules() if isinstance(part, Block))]:
        for number in ("1", "2"):
            conv, norm = getattr(parent, f"conv{number}", None), getattr(parent, f"bn{number}", None)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, f"conv{number}", fuse_conv_bn_eval(conv, norm))
                setattr(parent, f"bn{number}", nn.Identity())
    return module
