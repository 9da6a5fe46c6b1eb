"""The lowest frequencies of a two-dimensional DCT-II (Ahmed, Natarajan, Rao 1974) over the mask's box.

f[y, x] = sum_kl theta[k, l] C_k(y) C_l(x),  C_0 = 1,  C_k(y) = sqrt(2) cos(pi k (2y + 1) / 2h)

This is the orthonormal basis times sqrt(h w): each basis image has an RMS of 1 over the box, so a coefficient of
1/255 changes pixels by one grey level RMS, at every size of canvas; that is theta's unit everywhere else, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, Float
from bbprompt.parametrisations.region import box_size, check_cells, separable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dct:
    """``cells`` x ``cells`` frequencies for each of three channels: d = 3 cells^2.

    Attributes:
        mask: bool, shape (h, w).
        cells: frequencies along each side, the constant included.
    """

    name: ClassVar[str] = "dct"
    mask: Bool
    cells: int = 6

    def __post_init__(self) -> None:
        check_cells(self.name, self.cells, self.mask)

    @property
    def size(self) -> int:
        """d: one per frequency and channel."""
        return 3 * self.cells**2

    def __call__(self, theta: Array) -> Array:
        """Render theta (d,) to a field (h, w, 3); see ``Parametrisation``."""
        height, width = box_size(self.mask)
        rows, columns = _cosines(height, self.cells), _cosines(width, self.cells)
        return separable(theta, rows, columns, mask=self.mask)


def _cosines(n: int, cells: int) -> Float:
    """Return C, shape (n, cells); columns are orthogonal and of RMS 1."""
    y, k = np.arange(n)[:, None], np.arange(cells)
    return np.where(k == 0, 1.0, np.sqrt(2) * np.cos(np.pi * k * (2 * y + 1) / (2 * n)))
