"""A toy classifier, small enough to compute by hand."""

from __future__ import annotations

import torch
from torch import nn

from bbprompt.oracle import Answer
from bbprompt_adapters.torch_module import TorchOracle

SIZE = (6, 8)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)


class Toy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn(5, 3, generator=generator))
        self.norm = nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means: torch.Tensor = self.dropout(self.norm(images)).square().mean(dim=(2, 3))
        return means @ self.weight.T


def toy_oracle(answer: Answer = Answer.LOGITS, module: nn.Module | None = None) -> TorchOracle:
    return TorchOracle(
        module or Toy(),
        name="toy",
        labels=list("abcde"),
        input_size=SIZE,
        mean=MEAN,
        std=STD,
        answer=answer,
        device="cpu",
    )
