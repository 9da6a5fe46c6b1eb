"""A pixel prompt: a template, a parametrisation, and between them the rounding to 8-bit grey levels.

What is trained is what is exported: v = clip(round(c + 255 f(theta))), half to even, with c = 0 for ``add`` and the
middle of the range, 127.5, for ``over``. Gradients pass the rounding straight through (Bengio et al. 2013, arXiv
1308.3432) and stop at the clip, beyond which the pixel would not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from array_api_compat import array_namespace, device, to_device

from bbprompt.arrays import Array, Int, UInt8
from bbprompt.errors import ConfigError
from bbprompt.parametrisations.base import Parametrisation
from bbprompt.templates import LEVELS, Blend, Template

if TYPE_CHECKING:
    import torch

CENTRE: Mapping[Blend, float] = {"add": 0.0, "over": 127.5}
"""The level that theta = 0 stands for, before rounding."""


@dataclass(frozen=True, slots=True)
class PixelPrompt:
    """A function from theta, shape (d,), to the pixels laid over an image.

    Attributes:
        template: where the pixels go.
        parametrisation: how theta becomes them.
    """

    template: Template
    parametrisation: Parametrisation

    @property
    def size(self) -> int:
        """d, the length of theta."""
        return self.parametrisation.size

    def levels(self, theta: Array) -> Int:
        """Render theta (d,), numpy or torch, to whole grey levels: int64, shape (h, w, 3), zero outside the mask.

        ``add``: -128..127, to be added. ``over``: 0..255, to be shown.

        Raises:
            ConfigError: theta has another length, or is not finite.
        """
        exact = self._exact(theta)
        xp = array_namespace(exact)
        if not xp.all(xp.isfinite(exact)):
            raise ConfigError("the prompt is NaN or infinite, so it has no pixels; lower the step size")
        whole = xp.astype(xp.clip(xp.round(exact), *LEVELS[self.template.blend]), xp.int64)
        return np.asarray(to_device(whole, "cpu"))

    def levels_ste(self, theta: torch.Tensor) -> torch.Tensor:
        """Render theta (d,) to the values of ``levels``, in theta's dtype, with straight-through gradients."""
        return straight_through(self._exact(theta), self.template.blend)

    def apply(self, images: UInt8, theta: Array) -> UInt8:
        """Lay the prompt of theta (d,) over prepared images, uint8 (n, h, w, 3): the bytes that an oracle gets."""
        laid: UInt8 = self.template.apply(images, self.levels(theta))
        return laid

    def _exact(self, theta: Array) -> Array:
        """Return levels before rounding and clipping, (h, w, 3), zero outside the mask."""
        if tuple(theta.shape) != (self.size,):
            raise ConfigError(
                f"theta must have shape ({self.size},) for {self.parametrisation.name} on {self.template.name}, "
                f"got {tuple(theta.shape)}; was it trained with other options?"
            )
        field = self.parametrisation(theta)
        xp = array_namespace(field)
        centre = CENTRE[self.template.blend] * self.template.mask[..., None]
        return xp.asarray(centre, dtype=field.dtype, device=device(field)) + 255 * field


def straight_through(exact: torch.Tensor, blend: Blend) -> torch.Tensor:
    """Round levels to whole ones that pixels can show; gradients pass the rounding and stop at the clip."""
    low, high = LEVELS[blend]
    return (exact + (exact.round() - exact).detach()).clip(low, high)
