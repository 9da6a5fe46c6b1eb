"""The decreasing gains of stochastic approximation.

Spall 1998, "Implementation of the Simultaneous Perturbation Algorithm for Stochastic Optimization", IEEE
Transactions on Aerospace and Electronic Systems 34(3), section III:

    a_k = a / (k + 1 + A)^alpha,    c_k = c / (k + 1)^gamma,    k = 0, 1, 2, ...
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gains:
    """Step sizes and radii.

    Attributes:
        a: numerator of the step size.
        c: first radius, in units of theta.
        A: stability constant, in steps; Spall suggests a tenth of the steps that will be taken.
        alpha: how fast the step size falls; .602 is the lowest that Spall's theory allows, 1 the best in the limit.
        gamma: how fast the radius falls; .101 goes with .602.
    """

    a: float
    c: float
    A: float
    alpha: float
    gamma: float

    def step_size(self, k: int) -> float:
        """a_k of step k = 0, 1, ..."""
        return float(self.a / (k + 1 + self.A) ** self.alpha)

    def radius(self, k: int) -> float:
        """c_k of step k = 0, 1, ..."""
        return float(self.c / (k + 1) ** self.gamma)
