"""Random patterns to try on all images: plane waves, or where theta is not pixels, random theta.

One plane wave changes what a convolutional network sees far more than other perturbations of its size (Tsuzuku and
Sato 2019, arXiv 1809.04098; Yin et al. 2019, arXiv 1906.08988). Which frequencies do, differs from model to model.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float
from bbprompt.parametrisations.identity import Identity
from bbprompt.prompt import PixelPrompt

LEVELS = (8.0, 127.0)
"""Amplitude in grey levels."""
LOWEST = 0.5
"""Cycles over the canvas; the highest is what the canvas can hold."""
GREY = 0.3
"""Share of patterns without a colour."""


def random_pattern(prompt: PixelPrompt, rng: np.random.Generator) -> Float:
    """Draw a theta, float64, shape (d,): amplitude and frequency log-uniform, direction, phase and colour at random."""
    amplitude = _log_uniform(*LEVELS, rng) / 255
    if not isinstance(prompt.parametrisation, Identity):
        return np.asarray(amplitude * rng.standard_normal(prompt.size))
    return np.asarray((amplitude * _wave(prompt.template.canvas, rng))[prompt.template.mask].ravel())


def _wave(canvas: tuple[int, int], rng: np.random.Generator) -> Float:
    """A plane wave on the canvas, shape (h, w, 3), of amplitude 1 in its strongest channel."""
    frequency, angle = _log_uniform(LOWEST, min(canvas) / 2, rng), rng.uniform(0, np.pi)
    y, x = (np.arange(side)[:, None] / min(canvas) for side in canvas)
    phase = 2 * np.pi * frequency * (np.cos(angle) * x.T + np.sin(angle) * y) + rng.uniform(0, 2 * np.pi)
    colour = np.ones(3) if rng.random() < GREY else rng.standard_normal(3)
    return np.asarray(np.sin(phase)[..., None] * colour / np.abs(colour).max())


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
