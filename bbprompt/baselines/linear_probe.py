"""A linear probe on frozen features, by CLIP's recipe: Radford et al. 2021, arXiv 2103.00020, appendix A.3.

scikit-learn's L-BFGS for at most 1,000 iterations, and the strength of the L2 penalty, 1/C, swept on the validation
split: first 1e-6, 1e-4 ... 1e6, then around the peak in halved steps until there are eight to a decade; then once more
on training and validation images together. Accuracy decides; between equals, which few images leave many of, the mean
log-likelihood.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bbprompt.arrays import Float32, Int
from bbprompt.errors import ConfigError, DataError

COARSE = tuple(float(exponent) for exponent in range(-6, 7, 2))
"""log10 of the penalties that are tried first."""

FINEST = 0.125
"""Of a decade: where the halving ends."""

ITERATIONS = 1000

UNSEEN = -30.0
"""Log-probability of a class that was not among the training images."""

Score: TypeAlias = tuple[float, float]
"""Accuracy, and mean log-likelihood in nats, on the validation images."""


@dataclass(frozen=True, slots=True)
class Features:
    """Features of the images of one split.

    Attributes:
        values: float32, shape (n, e).
        targets: int64, shape (n,).
    """

    values: Float32
    targets: Int

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.targets.shape != (len(self.values),):
            raise DataError(
                f"expected features (n, e) and n targets, got {self.values.shape}, {self.targets.shape}"
            )


@dataclass(frozen=True, slots=True)
class Probe:
    """A fitted probe.

    Attributes:
        penalty: the strength that validation liked best, 1/C.
        model: scikit-learn's classifier.
    """

    penalty: float
    model: Any

    def predict(self, values: Float32) -> Int:
        """Features (n, e) to class numbers, int64, shape (n,)."""
        return np.asarray(self.model.predict(values), dtype=np.int64)


def linear_probe(train: Features, validation: Features) -> Probe:
    """Sweep the penalty on ``validation``, then fit to both splits.

    Raises:
        ConfigError: scikit-learn is not installed.
        DataError: features and targets do not go together.
    """
    tried: dict[float, Score] = {}

    def validated(exponent: float) -> Score:
        if exponent not in tried:
            tried[exponent] = _score(_fit(train, 10.0**exponent), validation)
        return tried[exponent]

    penalty = 10.0 ** sweep(validated)
    both = Features(
        np.concatenate([train.values, validation.values]), np.concatenate([train.targets, validation.targets])
    )
    return Probe(penalty, _fit(both, penalty))


def sweep(score: Callable[[float], Score]) -> float:
    """Return the log10 of the penalty with the best score: coarse, then halving around the peak."""
    best = max(COARSE, key=score)
    step = 1.0
    while step >= FINEST:
        best = max((best, best + step, best - step), key=score)
        step /= 2
    return best


def _score(model: Any, held_out: Features) -> Score:
    log_p = np.full((len(held_out.targets), int(max(held_out.targets.max(), model.classes_.max())) + 1), UNSEEN)
    log_p[:, model.classes_] = np.log(np.maximum(model.predict_proba(held_out.values), np.exp(UNSEEN)))
    right = log_p.argmax(axis=1) == held_out.targets
    return float(right.mean()), float(log_p[np.arange(len(right)), held_out.targets].mean())


def _fit(features: Features, penalty: float) -> Any:
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise ConfigError("a linear probe needs scikit-learn; pip install 'bbprompt[digits]'") from error
    model = LogisticRegression(C=1 / penalty, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        # Weak penalties do not converge in a thousand iterations; CLIP's recipe takes what is reached by then.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features.values, features.targets)
