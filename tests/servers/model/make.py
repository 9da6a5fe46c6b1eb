"""The model that every server serves, and the task that it is adapted to.

EfficientNet-Lite0 with its ImageNet weights, and a layer trained on 900 handwritten digits as scanners see them.
The task's digits, none of them seen in training, were taken under reddish light, which the frozen model reads badly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bbprompt.arrays import UInt8
from bbprompt.data.digits import load_digits
from bbprompt.templates.resize import fit
from bbprompt_adapters.efficientnet_lite0 import MEAN, STD, load_module
from tests.servers.model.network import SIZE

TRAINED_ON, UNSEEN = 900, 300
LIGHT = np.array([100, 40, 0])
"""Grey levels that the light adds to red, green and blue; the rest of the range is left to the image."""


def write_network(path: Path) -> None:
    """Train the last layer and write all of them as ``Network`` reads them."""
    module = load_module(SIZE)
    images, targets = _digits()
    head = LogisticRegression(max_iter=2000).fit(_features(module, images[:TRAINED_ON]), targets[:TRAINED_ON])
    plan, weights = _layers(module)
    weights |= {"mean": np.float32(MEAN), "std": np.float32(STD), "plan": np.array(json.dumps(plan))}
    weights |= {"head": head.coef_.T.astype(np.float32), "head_bias": head.intercept_.astype(np.float32)}
    np.savez(path, **weights)


def write_task(path: Path) -> None:
    """Write the digits under reddish light, as the data source ``npz:FILE`` takes them, and some that no run sees."""
    images, targets = (values[TRAINED_ON:] for values in _digits())
    lit = np.rint(images * (1 - LIGHT.max() / 255) + LIGHT).astype(np.uint8)
    unseen, pool = np.split(np.arange(len(lit)), [UNSEEN])
    np.savez(path, x=lit[pool], y=targets[pool], x_unseen=lit[unseen], y_unseen=targets[unseen])


def _digits() -> tuple[UInt8, Any]:
    pool = load_digits("", None).pool
    return fit(pool.images, (SIZE, SIZE)), pool.targets


def _features(module: Any, images: UInt8) -> Any:
    """What the last layer sees: the means over places of 1,280 channels."""
    pixels = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - MEAN) / STD
    with torch.inference_mode():
        return torch.cat([module.extract_features(chunk).mean((2, 3)) for chunk in torch.split(pixels, 64)]).numpy()


def _layers(module: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The convolutions in order, each with its batch norm folded in."""
    plan: list[dict[str, Any]] = []
    weights: dict[str, Any] = {}

    def add(conv: Any, norm: Any, *, relu6: bool = True, begins: bool = False, adds: bool = False) -> None:
        fused = fuse_conv_bn_eval(conv, norm)
        kernel = fused.weight.detach().permute(2, 3, 1, 0).numpy()
        depthwise = conv.groups > 1
        weights[f"{len(plan)}.weight"] = kernel[:, :, 0] if depthwise else kernel
        weights[f"{len(plan)}.bias"] = fused.bias.detach().numpy()
        padding = getattr(conv.static_padding, "padding", (0, 0, 0, 0))
        how = {"stride": conv.stride[0], "padding": padding, "depthwise": depthwise, "relu6": relu6}
        plan.append({**how, "block_begins": begins, "adds_block_input": adds})

    add(module._conv_stem, module._bn0)
    for block in module._blocks:
        how = block._block_args
        expands = how.expand_ratio != 1
        if expands:
            add(block._expand_conv, block._bn0, begins=True)
        add(block._depthwise_conv, block._bn1, begins=not expands)
        same = how.stride == 1 and how.input_filters == how.output_filters
        add(block._project_conv, block._bn2, relu6=False, adds=same)
    add(module._conv_head, module._bn1)
    return plan, weights
