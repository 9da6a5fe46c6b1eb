"""Let an oracle see what is left of an image after an API's lossy encoding: ``[oracle] encoding = "jpeg:85"``.

What is trained is then what such an API gets. Bytes go through Pillow's JPEG, 4:2:0 as most clients send it; gradients
pass straight through (Bengio et al. 2013, arXiv 1308.3432), as they do through the rounding.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt.oracle import DifferentiableOracle, Oracle, OracleSpec, Scores

if TYPE_CHECKING:
    import torch

ENCODING = re.compile(r"jpeg:(\d{1,3})")


def encoded(oracle: Oracle, encoding: str) -> Oracle:
    """Put ``encoding`` before ``oracle``; a differentiable one stays so.

    Args:
        oracle: any.
        encoding: "jpeg:Q", Q from 1 to 100 being Pillow's quality.

    Raises:
        ConfigError: another encoding.
    """
    found = ENCODING.fullmatch(encoding)
    if found is None or not 1 <= int(found[1]) <= 100:
        raise ConfigError(
            f'[oracle] encoding must be "jpeg:1" to "jpeg:100", got {encoding!r}; leave it out for none'
        )
    if isinstance(oracle, DifferentiableOracle):
        return EncodedDifferentiable(oracle, int(found[1]))
    return Encoded(oracle, int(found[1]))


@dataclass(frozen=True, slots=True)
class Encoded:
    """``oracle``, which gets each image as a JPEG of ``quality`` gives it back."""

    oracle: Oracle
    quality: int

    @property
    def spec(self) -> OracleSpec:
        """The oracle's; another name, since the same bytes get another answer."""
        return replace(self.oracle.spec, name=f"{self.oracle.spec.name}+jpeg:{self.quality}")

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3), encoded and decoded first."""
        return self.oracle.query(through_jpeg(images, self.quality))


@dataclass(frozen=True, slots=True)
class EncodedDifferentiable(Encoded):
    """The same for an oracle that a gradient can pass through."""

    oracle: DifferentiableOracle

    @property
    def device(self) -> torch.device:
        """The oracle's."""
        return self.oracle.device

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of images (n, 3, h, w) in [0, 1]: values of the decoded JPEGs, gradients of the images."""
        pixels = (
            (images.detach() * 255).round().clamp(0, 255).permute(0, 2, 3, 1).to("cpu").numpy().astype(np.uint8)
        )
        decoded = images.new_tensor(through_jpeg(pixels, self.quality)).permute(0, 3, 1, 2) / 255
        return self.oracle.logits(images + (decoded - images).detach())


def through_jpeg(images: UInt8, quality: int) -> UInt8:
    """Encode and decode each of n images, uint8, shape (n, h, w, 3)."""
    decoded = np.empty_like(images)
    for i, image in enumerate(images):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        decoded[i] = np.asarray(Image.open(buffer))
    return decoded
