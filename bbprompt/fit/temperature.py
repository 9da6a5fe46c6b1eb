"""How likely the targets are under class scores, once their temperature is right.

A map that was fitted to the answers that its prompt was trained on is too sure of itself: on other images it may choose
better than any and still have the lower likelihood. One temperature for all images, the best there is, takes that
away and leaves every choice as it was: Guo et al. 2017, "On Calibration of Modern Neural Networks" (arXiv 1706.04599),
section 4.2, temperature scaling.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from bbprompt.arrays import Float, Int

LOG_TEMPERATURES = (-4.0, 4.0)
"""Between a label for certain and one drawn by lot, those that are tried."""


def mean_log_likelihood(class_scores: Float, targets: Int, *, temperature: float = 1.0) -> float:
    """Mean log-likelihood in nats of targets (n,) under softmax(class_scores (n, classes) / temperature)."""
    log_p = log_softmax(class_scores / temperature, axis=1)
    return float(log_p[np.arange(len(targets)), targets].mean())


def best_log_likelihood(class_scores: Float, targets: Int) -> float:
    """``mean_log_likelihood`` at the temperature that makes it largest: of the log-temperature it has one maximum."""

    def loss(log_temperature: float) -> float:
        return -mean_log_likelihood(class_scores, targets, temperature=float(np.exp(log_temperature)))

    return -float(minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded").fun)
