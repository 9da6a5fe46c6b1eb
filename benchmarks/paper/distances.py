"""How far images are from ImageNet's, and how varied they are, on the features of EfficientNet-Lite0.

Stand-ins for FID and for diversity by LPIPS (Zhang et al. 2018, arXiv 1801.03924), whose weights and reference images
are not to be had here; see ``published_distances`` for those. Neither is comparable with the published numbers.

Distance to ImageNet: Lite0's last batch norm holds the mean m and variance s^2 of each channel over ImageNet. With the
images' own means and variances, in units of s, the Frechet distance of diagonal Gaussians (Dowson & Landau 1982) is

    mean over channels of (mean - m)^2 / s^2 + (std / s - 1)^2

Diversity: LPIPS' distance with all of its weights 1, mean over pairs of images:

    sum over stages of mean over places of |a / |a| - b / |b||^2
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn

from bbprompt.arrays import UInt8
from bbprompt.templates.resize import fit
from bbprompt_adapters.efficientnet_lite0 import MEAN, STD, load_module

SIDE = 224
AT_ONCE = 16
STAGES = 5
"""Blocks whose output is compared: the last of each resolution."""


class Features:
    """What Lite0 makes of images at 224 px: what enters its last batch norm, and the maps before each halving."""

    def __init__(self) -> None:
        self.module = load_module(SIDE)
        self._caught: dict[str, torch.Tensor] = {}
        self._norm: nn.BatchNorm2d = self.module._bn1  # type: ignore[assignment]
        self._norm.register_forward_pre_hook(lambda _module, inputs: self._caught.update(last=inputs[0]))
        for number, block in enumerate(self._stage_ends()):
            block.register_forward_hook(lambda _m, _i, out, key=str(number): self._caught.update({key: out}))

    def distance(self, images: UInt8) -> float:
        """The diagonal Frechet distance of images (n, H, W, 3) to ImageNet; 0 for ImageNet's own statistics."""
        maps = torch.cat([caught["last"] for caught in self._run(images)])
        values = maps.permute(1, 0, 2, 3).flatten(1)
        assert self._norm.running_mean is not None
        assert self._norm.running_var is not None
        return frechet(values, self._norm.running_mean, self._norm.running_var.sqrt())

    def diversity(self, images: UInt8) -> float:
        """The mean distance of each image (n, H, W, 3) to the one after it."""
        stages = list(self._run(images))
        total = torch.zeros(len(images) - 1)
        for key in map(str, range(STAGES)):
            units = torch.cat([nn.functional.normalize(caught[key], dim=1) for caught in stages])
            total += torch.stack([((a - b) ** 2).sum(dim=0).mean() for a, b in pairwise(units)])
        return float(total.mean())

    @torch.inference_mode()
    def _run(self, images: UInt8) -> Iterator[dict[str, torch.Tensor]]:
        for start in range(0, len(images), AT_ONCE):
            prepared = torch.from_numpy(fit(images[start : start + AT_ONCE], (SIDE, SIDE)))
            self.module((prepared.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD)
            yield dict(self._caught)

    def _stage_ends(self) -> list[nn.Module]:
        """Blocks after which the next one halves the resolution, and the last of all."""
        blocks = list(self.module._blocks)  # type: ignore[arg-type]
        halving = [max(block._depthwise_conv.stride) > 1 for block in blocks]
        ends = [block for block, after in zip(blocks, [*halving[1:], True], strict=True) if after]
        assert len(ends) == STAGES
        return ends


def frechet(values: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> float:
    """Of values (channels, n) to channels of ``mean`` and ``std``, in units of the latter, per channel."""
    moved = (values.mean(dim=1) - mean) / std
    spread = values.std(dim=1, correction=0) / std
    return float((moved**2 + (spread - 1) ** 2).mean())
