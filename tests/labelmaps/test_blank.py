"""Answers that name no label teach a map nothing, and take nothing of what others teach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bbprompt.labelmaps import fit_label_map
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.rounded import decimals

SPEC = OracleSpec("pets", (4, 4), ("a", "b", "c"), Answer.PROBABILITIES)
CLASSES = ("x", "y")
NAMED = np.array([[0.1, 0.7, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.3, 0.1, 0.6]], np.float32)
BLANK = np.full((7, 3), 1 / 3, np.float32)
TARGETS = np.array([0, 0, 1, 1, *[1] * 7])


@pytest.mark.parametrize("name", ["frequency", "bayesian"])
def test_it_votes_for_no_label(name: str) -> None:
    both = Scores(np.concatenate([NAMED, BLANK]), Answer.PROBABILITIES)
    named = Scores(NAMED, Answer.PROBABILITIES)
    maps = [
        fit_label_map(
            name, scores, TARGETS[: len(scores)], spec=SPEC, classes=CLASSES, rng=np.random.default_rng(0)
        )
        for scores in (both, named)
    ]
    assert maps[0].state() == maps[1].state()


def test_answers_beside_it_still_look_rounded() -> None:
    both = Scores(np.concatenate([NAMED, BLANK]), Answer.PROBABILITIES)
    assert decimals(both) == decimals(replace(both, values=NAMED)) == 1


def test_a_vocabulary_of_tens_of_thousands_takes_no_square_of_it() -> None:
    labels = tuple(map(str, range(200_000)))
    spec = replace(SPEC, labels=labels)
    values = np.zeros((4, len(labels)), np.float32)
    values[[0, 1, 2, 3], [5, 5, 199_999, 199_999]] = 1.0
    found = fit_label_map(
        "frequency",
        Scores(values, Answer.PROBABILITIES),
        TARGETS[:4],
        spec=spec,
        classes=CLASSES,
        rng=np.random.default_rng(0),
    )
    assert found.state()["indices"] == [5, 199_999]
