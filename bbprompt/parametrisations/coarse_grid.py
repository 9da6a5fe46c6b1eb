"""A coarse image over the mask's box, enlarged bilinearly: f[y, x] = sum_kl theta[k, l] B_k(y) B_l(x).

B are hat functions around the cells' centres, held constant beyond the outer ones, as ``torch.nn.functional``'s
``interpolate(mode="bilinear", align_corners=False)`` has them. They sum to 1: a theta of 1/255 is one grey level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, Float
from bbprompt.parametrisations.region import box_size, check_cells, separable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoarseGrid:
    """``cells`` x ``cells`` colours: d = 3 cells^2.

    Attributes:
        mask: bool, shape (h, w).
        cells: cells along each side.
    """

    name: ClassVar[str] = "coarse-grid"
    mask: Bool
    cells: int = 6

    def __post_init__(self) -> None:
        check_cells(self.name, self.cells, self.mask)

    @property
    def size(self) -> int:
        """d: one per cell and channel."""
        return 3 * self.cells**2

    def __call__(self, theta: Array) -> Array:
        """Render theta (d,) to a field (h, w, 3); see ``Parametrisation``."""
        height, width = box_size(self.mask)
        return separable(theta, _hats(height, self.cells), _hats(width, self.cells), mask=self.mask)


def _hats(n: int, cells: int) -> Float:
    """Return B, shape (n, cells); rows sum to 1."""
    at = np.clip((np.arange(n) + 0.5) * cells / n - 0.5, 0, cells - 1)
    return np.asarray(np.clip(1 - np.abs(at[:, None] - np.arange(cells)), 0, None))
