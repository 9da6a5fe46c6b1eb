"""From 8-bit RGB images to the tensor that a model wants: datatype, layout, normalisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt_adapters.open_inference.metadata import ImageInput
from bbprompt_adapters.open_inference.options import Options
from bbprompt_adapters.open_inference.tensors import DTYPES, Tensor, Values


@dataclass(frozen=True, slots=True)
class Pixels:
    """Turns images into an input tensor. Floats become (pixel * scale - mean) / std, in float32."""

    name: str
    dtype: np.dtype[np.generic]
    channels_last: bool
    scale: float
    mean: Values
    std: Values

    def __call__(self, images: UInt8) -> Tensor:
        """Return the input for images (n, h, w, 3)."""
        values: Values = images
        if self.dtype.kind == "f":
            values = (images * np.float32(self.scale) - self.mean) / self.std
        if not self.channels_last:
            values = values.transpose(0, 3, 1, 2)
        return Tensor(self.name, values.astype(self.dtype))


def make_pixels(target: ImageInput, options: Options) -> Pixels:
    """Return the conversion for a model's input.

    Raises:
        ConfigError: a datatype that images do not fit, or a normalisation that bytes do not take.
    """
    if target.datatype not in ("UINT8", "FP16", "FP32"):
        raise ConfigError(
            f"the input {target.name!r} wants {target.datatype}; images can be sent as UINT8, FP16 or FP32"
        )
    given = [key for key in ("scale", "mean", "std") if getattr(options, key) is not None]
    if given and target.datatype == "UINT8":
        raise ConfigError(f"[oracle] {given[0]}: the input {target.name!r} wants bytes, which are sent as they are")
    return Pixels(
        name=target.name,
        dtype=DTYPES[target.datatype],
        channels_last=target.channels_last,
        scale=1 / 255 if options.scale is None else options.scale,
        mean=np.asarray(0.0 if options.mean is None else options.mean, np.float32),
        std=np.asarray(1.0 if options.std is None else options.std, np.float32),
    )
