"""A trained convolutional network in numpy alone, so that it runs in every server's environment.

``make.py`` writes the file that it reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

LABELS = tuple("0123456789")
SIZE = 64
"""Height and width of an image, in pixels."""


class Network:
    """Safe to call from many threads."""

    def __init__(self, path: str | Path) -> None:
        """Read the weights."""
        with np.load(path, allow_pickle=False) as file:
            self._plan = json.loads(str(file["plan"]))
            self._weights = {name: file[name] for name in file.files if name != "plan"}

    def __call__(self, images: Values) -> Values:
        """Return probabilities, float32 (n, 10), of RGB images (n, SIZE, SIZE, 3) with values 0 to 255."""
        # One by one: an image's answer must not depend on its company, and matrix products round by their size.
        return np.concatenate([self._one(image[None]) for image in images])

    def _one(self, image: Values) -> Values:
        kept = x = (image.astype(np.float32) / 255 - self._weights["mean"]) / self._weights["std"]
        for number, layer in enumerate(self._plan):
            kept = x if layer["block_begins"] else kept
            x = self._convolved(x, number, layer)
            if layer["relu6"]:
                x = np.clip(x, 0, 6)
            if layer["adds_block_input"]:
                x = x + kept
        logits = x.mean(axis=(1, 2)) @ self._weights["head"] + self._weights["head_bias"]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def _convolved(self, x: Values, number: int, layer: dict[str, Any]) -> Values:
        """Convolve (1, h, w, c): each tap of the kernel is the image, shifted."""
        weight, bias = self._weights[f"{number}.weight"], self._weights[f"{number}.bias"]
        left, right, top, bottom = layer["padding"]
        if any(layer["padding"]):
            x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
        side, stride = len(weight), layer["stride"]
        height, width = ((length - side) // stride + 1 for length in x.shape[1:3])
        out: Values = np.broadcast_to(bias, (1, height, width, len(bias))).copy()
        for i, j in np.ndindex(side, side):
            tap = x[:, i : i + stride * (height - 1) + 1 : stride, j : j + stride * (width - 1) + 1 : stride]
            out += tap * weight[i, j] if layer["depthwise"] else tap @ weight[i, j]
        return out


def shrunk(image: Any) -> Any:
    """Return a Pillow image at the size that the network takes."""
    return image.resize((SIZE, SIZE), 2)  # bilinear
