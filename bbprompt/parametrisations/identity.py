"""Every pixel is its own three parameters: f[mask] = theta. VP (Bahng et al. 2022, arXiv 2203.17274)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bbprompt.arrays import Array, Bool
from bbprompt.parametrisations.region import scatter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """theta is the pixels: d = 3 per pixel of the mask, row by row, red green blue.

    Attributes:
        mask: bool, shape (h, w).
    """

    name: ClassVar[str] = "identity"
    mask: Bool

    @property
    def size(self) -> int:
        """d: 3 per pixel."""
        return 3 * int(self.mask.sum())

    def __call__(self, theta: Array) -> Array:
        """Render theta (d,) to a field (h, w, 3); see ``Parametrisation``."""
        return scatter(theta, self.mask)
