"""Random patterns: as strong as they say, of all frequencies, in theta's own terms, the same from the same generator."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.fit.patterns import LEVELS, random_pattern
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template


def prompt(template: str = "full-image", parametrisation: str = "identity") -> PixelPrompt:
    options = {"size": 4} if template == "padding" else {}
    where = make_template(template, canvas=(24, 32), blend="add", **options)
    return PixelPrompt(where, make_parametrisation(parametrisation, mask=where.mask))


def drawn(number: int = 200) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [255 * random_pattern(prompt(), rng).reshape(24, 32, 3) for _ in range(number)]


def test_a_wave_is_within_its_amplitudes_and_reaches_both_ends() -> None:
    peaks = np.array([np.abs(wave).max() for wave in drawn()])
    assert peaks.max() <= LEVELS[1]
    assert np.percentile(peaks, 5) < 3 * LEVELS[0]
    assert np.percentile(peaks, 95) > 0.6 * LEVELS[1]


def test_waves_are_low_and_high_and_hold_one_frequency_each() -> None:
    spectra = [np.abs(np.fft.rfft2(wave.sum(axis=2))) for wave in drawn()]
    rows = np.array([np.unravel_index(s.argmax(), s.shape)[0] for s in spectra])
    folded = np.minimum(rows, 24 - rows)
    assert folded.min() == 0
    assert folded.max() >= 9
    assert np.median([np.sort(s.ravel())[-4:].sum() / s.sum() for s in spectra]) > 0.3


def test_some_are_grey_and_most_have_a_colour() -> None:
    grey = np.mean([np.ptp(wave, axis=2).max() < 1e-9 for wave in drawn()])
    assert 0.15 < grey < 0.45


@pytest.mark.parametrize(("template", "parametrisation"), [("padding", "identity"), ("full-image", "dct")])
def test_a_pattern_is_a_theta_of_the_prompt(template: str, parametrisation: str) -> None:
    of = prompt(template, parametrisation)
    pattern = random_pattern(of, np.random.default_rng(3))
    assert pattern.shape == (of.size,)
    assert np.abs(of.levels(pattern)).max() > 0
    np.testing.assert_array_equal(pattern, random_pattern(of, np.random.default_rng(3)))
