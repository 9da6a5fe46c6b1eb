"""What every parametrisation is: how a vector theta becomes the pixels of a prompt."""

from __future__ import annotations

from typing import Protocol

from bbprompt.arrays import Array


class Parametrisation(Protocol):
    """A map from theta, shape (d,), to a field, shape (h, w, 3), in units of the full pixel range.

    0 is no prompt; 1/255 is one grey level. Differentiable when theta is a torch tensor.
    """

    @property
    def name(self) -> str:
        """Its key in ``PARAMETRISATIONS`` and in run files."""

    @property
    def size(self) -> int:
        """d, the length of theta."""

    def __call__(self, theta: Array) -> Array:
        """Render theta (d,), numpy or torch, to a field (h, w, 3) that is zero outside the template's mask.

        The field has theta's dtype, library and device; theta = 0 gives 0.
        """
