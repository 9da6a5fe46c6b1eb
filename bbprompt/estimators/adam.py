"""Adam. Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization" (arXiv 1412.6980), algorithm 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.state import restore, snapshot


class Adam:
    """Turns gradients, float64, shape (d,), into changes of theta.

    Args:
        size: d.
        step_size: alpha of the paper, in units of theta: about the most that an element moves in one step.
        beta1: decay of the mean of the gradients, in [0, 1).
        beta2: decay of the mean of their squares, in [0, 1).
        epsilon: keeps the quotient finite where gradients are zero.
    """

    _STATE = ("t", "m", "v")

    def __init__(
        self, size: int, *, step_size: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.step_size, self.beta1, self.beta2, self.epsilon = step_size, beta1, beta2, epsilon
        self.t = 0
        self.m = np.zeros(size)
        self.v = np.zeros(size)

    def step(self, gradient: Float) -> Float:
        """Return the change of theta for the next gradient, shape (d,)."""
        self.t += 1
        self.m += (1 - self.beta1) * (gradient - self.m)
        self.v += (1 - self.beta2) * (gradient**2 - self.v)
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        return np.asarray(-self.step_size * m_hat / (np.sqrt(v_hat) + self.epsilon))

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        restore(self, self._STATE, state)
