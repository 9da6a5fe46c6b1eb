"""Pixels that cannot leave +-bound: f[mask] = b tanh(theta / b), after BAR (Tsai et al. 2020, arXiv 2007.08714).

Dividing by b inside keeps theta in the units of the field: near zero it is the identity, whatever the bound,
so step sizes and radii carry over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from array_api_compat import array_namespace

from bbprompt.arrays import Array, Bool
from bbprompt.errors import ConfigError
from bbprompt.parametrisations.region import scatter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounded:
    """Identity, squashed: d = 3 per pixel of the mask.

    Attributes:
        mask: bool, shape (h, w).
        bound_levels: the most that a pixel may change, in grey levels; above 0.
    """

    name: ClassVar[str] = "bounded"
    mask: Bool
    bound_levels: float

    def __post_init__(self) -> None:
        if not 0 < self.bound_levels <= 255:
            raise ConfigError(f"bound_levels must be grey levels above 0 and at most 255, got {self.bound_levels}")

    @property
    def size(self) -> int:
        """d: 3 per pixel."""
        return 3 * int(self.mask.sum())

    def __call__(self, theta: Array) -> Array:
        """Render theta (d,) to a field (h, w, 3); see ``Parametrisation``."""
        bound = self.bound_levels / 255
        return scatter(bound * array_namespace(theta).tanh(theta / bound), self.mask)
