"""A 0 that a service has rounded to costs a prompt under training what it may have been, not the logarithm of nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.labelmaps import cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.oracle import Answer, OracleSpec, Scores

SPEC = OracleSpec("rounding", (4, 4), ("p", "q", "r"), Answer.PROBABILITIES, max_batch=16)
TARGETS = np.arange(60) % 3


def answers(*, places: int | None) -> Scores:
    rng = np.random.default_rng(0)
    logits = 12 * np.eye(3)[TARGETS] * (rng.random((60, 1)) < 0.8) + rng.normal(size=(60, 3))
    values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rounded = values if places is None else values.round(places)
    return Scores(rounded.astype(np.float32), Answer.PROBABILITIES)


@pytest.mark.parametrize("label_map", ["identity", "frequency", "iterative", "mean", "bayesian", "bayesian+"])
def test_a_rounded_0_costs_what_a_quarter_of_the_last_place_costs(label_map: str) -> None:
    def losses(shown: Scores) -> tuple[np.ndarray, np.ndarray]:
        maps = cross_fit_label_map(
            label_map, shown, TARGETS, spec=SPEC, classes=("a", "b", "c"), rng=np.random.default_rng(0)
        )
        nothing = Scores(np.array([[0.0, 0.9991, 0.0009]], np.float32), Answer.PROBABILITIES)
        a_little = Scores(np.array([[0.000025, 0.9991, 0.0009]], np.float32), Answer.PROBABILITIES)
        return tuple(
            np.asarray(LOSSES["cross-entropy"](maps(one.log(), np.zeros(1, np.int64)), np.zeros(1, np.int64)))
            for one in (nothing, a_little)
        )

    zero, quarter = losses(answers(places=4))
    np.testing.assert_allclose(zero, quarter, rtol=1e-5)
    zero, quarter = losses(answers(places=None))
    assert zero > quarter + 1


def test_predictions_of_the_deployed_map_are_those_of_training() -> None:
    shown = answers(places=3)
    maps = cross_fit_label_map(
        "identity", shown, TARGETS, spec=SPEC, classes=("a", "b", "c"), rng=np.random.default_rng(0)
    )
    trained, deployed = maps.held_out(), maps.whole(shown.log())
    assert (trained != deployed).any()
    assert (trained.argmax(axis=1) == deployed.argmax(axis=1)).all()
