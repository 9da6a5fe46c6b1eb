"""The probe follows CLIP's recipe: the sweep finds the peak, validation chooses, the last fit sees both splits."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression

from bbprompt.baselines.linear_probe import COARSE, Features, linear_probe, sweep
from bbprompt.errors import DataError


@pytest.mark.parametrize("peak", [-6.0, -3.4, 0.3, 1.9, 6.0])
def test_the_sweep_finds_the_peak_to_an_eighth_of_a_decade(peak: float) -> None:
    assert sweep(lambda exponent: (-abs(exponent - peak), 0.0)) == pytest.approx(peak, abs=0.125)


def test_of_equal_accuracies_the_likelier_counts() -> None:
    assert sweep(lambda exponent: (1.0, -abs(exponent - 0.5))) == 0.5


def draw(n: int, *, seed: int, noise: float = 1.0) -> Features:
    rng = np.random.default_rng(seed)
    targets = np.arange(n) % 4
    centres = np.random.default_rng(0).normal(size=(4, 50))
    return Features((centres[targets] + noise * rng.normal(size=(n, 50))).astype(np.float32), targets)


def test_validation_chooses_a_penalty_that_generalises() -> None:
    train, validation, test = draw(200, seed=1, noise=4), draw(200, seed=2, noise=4), draw(2000, seed=3, noise=4)
    probe = linear_probe(train, validation)
    found = (probe.predict(test.values) == test.targets).mean()
    values, targets = (
        np.concatenate(pair) for pair in ((train.values, validation.values), (train.targets, validation.targets))
    )
    each = [
        LogisticRegression(C=10.0**-e, max_iter=1000).fit(values, targets).score(test.values, test.targets)
        for e in COARSE
    ]
    assert found > max(each) - 0.02
    assert found > min(each) + 0.02


def test_the_last_fit_sees_training_and_validation() -> None:
    """Class 3 has no training image; only the fit on both splits can know it."""
    train, validation, test = draw(60, seed=1), draw(200, seed=2), draw(200, seed=3)
    known = train.targets != 3
    probe = linear_probe(Features(train.values[known], train.targets[known]), validation)
    threes = test.values[test.targets == 3]
    assert (probe.predict(threes) == 3).mean() > 0.9


def test_features_and_targets_must_go_together() -> None:
    with pytest.raises(DataError, match=r"got \(3, 2\), \(2,\)"):
        Features(np.zeros((3, 2), dtype=np.float32), np.zeros(2, dtype=np.int64))
