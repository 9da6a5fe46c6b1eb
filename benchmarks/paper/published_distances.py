"""FID and LPIPS diversity as published, from weights that are on disk already: the extra ``distances``.

Heusel et al. 2017 (arXiv 1706.08500), by torch-fidelity; Zhang et al. 2018 (arXiv 1801.03924), by lpips, whose own
layer is in its package and whose AlexNet is torchvision's. Nothing here opens a network connection.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from bbprompt.arrays import UInt8
from bbprompt.registry import needs_extra

with needs_extra("distances"):
    import lpips
    import torch_fidelity


class Images(torch.utils.data.Dataset[torch.Tensor]):
    """Images (n, H, W, 3), uint8, as torch-fidelity takes them: (3, H, W)."""

    def __init__(self, images: UInt8) -> None:
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def fid(images: UInt8, reference: Path | UInt8, inception: Path) -> float:
    """FID of images (n, H, W, 3) to the image files below ``reference``, or to other images."""
    found = torch_fidelity.calculate_metrics(
        input1=Images(images),
        input2=str(reference) if isinstance(reference, Path) else Images(reference),
        fid=True,
        cuda=torch.cuda.is_available(),
        feature_extractor_weights_path=str(inception),
        samples_find_deep=True,
        cache=False,
        verbose=False,
    )
    return float(found["frechet_inception_distance"])


def diversity(images: UInt8, alexnet: Path) -> float:
    """Mean LPIPS distance of each image (n, H, W, 3) to the one after it."""
    distance = open_lpips(alexnet)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        return float(torch.stack([distance(a[None], b[None]).squeeze() for a, b in pairwise(pixels)]).mean())


def open_lpips(alexnet: Path) -> Any:
    """LPIPS 0.1 on torchvision's AlexNet, as saved at ``alexnet``."""
    distance = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    state = torch.load(alexnet, weights_only=True, map_location="cpu")
    features = {key.removeprefix("features."): value for key, value in state.items() if key.startswith("features.")}
    layers = {name: layer for part in distance.net.children() for name, layer in part.named_children()}
    for name, layer in layers.items():
        own = {key.partition(".")[2]: value for key, value in features.items() if key.partition(".")[0] == name}
        layer.load_state_dict(own)
    return distance.eval()
