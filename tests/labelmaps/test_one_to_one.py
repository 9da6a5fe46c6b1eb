"""Hard maps: the assignment is optimal, names are matched, nonsense is refused."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbprompt.errors import ConfigError
from bbprompt.labelmaps import fit_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.labelmaps.frequency import assign
from bbprompt.oracle import Answer, OracleSpec, Scores

CLASSES = ("cat", "dog", "Bird_House")


def fit(
    name: str,
    labels: tuple[str, ...],
    pairs: dict[str, str | int] | None = None,
    classes: tuple[str, ...] = CLASSES,
    seed: int = 0,
) -> LabelMap:
    spec = OracleSpec("toy", (8, 8), labels, Answer.LOGITS)
    scores = Scores(np.zeros((len(classes), len(labels)), dtype=np.float32), Answer.LOGITS)
    rng = np.random.default_rng(seed)
    return fit_label_map(name, scores, np.arange(len(classes)), spec=spec, classes=classes, rng=rng, pairs=pairs)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), c=st.integers(2, 4), extra=st.integers(0, 3), n=st.integers(4, 12))
def test_assignment_is_the_best_of_all_by_counts_then_by_log_scores(seed: int, c: int, extra: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    log_scores = rng.normal(size=(n, c + extra)) * 5
    targets = np.concatenate([np.arange(c), rng.integers(c, size=n - c)])

    def quality(labels: tuple[int, ...]) -> tuple[int, float]:
        wanted = np.array(labels)[targets]
        return int((log_scores.argmax(axis=1) == wanted).sum()), float(log_scores[np.arange(n), wanted].sum())

    best = max(map(quality, permutations(range(c + extra), c)))
    assert quality(assign(log_scores, targets, c)) == pytest.approx(best)


def test_assignment_beats_the_greedy_one() -> None:
    tops, targets = [0] * 5 + [1] * 4 + [0] * 4, np.array([0] * 9 + [1] * 4)
    log_scores = np.log(np.eye(2)[tops] * 0.9 + 0.05)
    assert assign(log_scores, targets, 2) == (1, 0)


def test_equal_answers_still_give_one_label_each() -> None:
    assert len(set(assign(np.zeros((4, 6)), np.arange(4), 4))) == 4


def test_identity_matches_names_whatever_their_order_and_case() -> None:
    fitted = fit("identity", ("bird house", "Dog", "fish", "CAT"))
    assert fitted.state()["indices"] == [3, 1, 0]


def test_identity_matches_positions_when_no_name_matches_and_counts_agree() -> None:
    assert fit("identity", ("x", "y", "z")).state()["indices"] == [0, 1, 2]


@pytest.mark.parametrize("labels", [("cat", "y", "z"), ("w", "x", "y", "z")])
def test_identity_refuses_to_guess(labels: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"found no label .* use 'given', 'frequency' or 'linear'"):
        fit("identity", labels)


def test_identity_refuses_a_name_that_two_labels_bear() -> None:
    with pytest.raises(ConfigError, match=r"2 labels called 'cat'; give a number out of \[0, 3\]"):
        fit("identity", ("cat", "dog", "bird house", "cat"))


def test_given_takes_names_and_numbers() -> None:
    labels = ("crane", "tabby", "crane", "beagle")
    fitted = fit("given", labels, {"dog": "beagle", "cat": "tabby", "Bird_House": 2})
    assert fitted.state()["indices"] == [1, 3, 2]


GIVEN = {"cat": "tabby", "dog": "beagle", "Bird_House": 2}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (None, "3 of 3 classes have none, first 'cat'"),
        ({"cat": 0, "dog": 1}, "first 'Bird_House'"),
        (GIVEN | {"Bird_Houses": 0}, "did you mean 'Bird_House'"),
        (GIVEN | {"cat": "taby"}, "no label 'taby'; did you mean 'tabby'"),
        (GIVEN | {"cat": "crane"}, r"2 labels called 'crane'; give a number out of \[0, 2\]"),
        (GIVEN | {"cat": 4}, r"labels 0\.\.3, got 4"),
        (GIVEN | {"cat": True}, r"labels 0\.\.3, got True"),
        (GIVEN | {"cat": 3}, "'cat' and 'dog' were both given the label 'beagle'"),
    ],
)
def test_given_refuses_pairs_that_do_not_fit(pairs: dict[str, str | int] | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit("given", ("crane", "tabby", "crane", "beagle"), pairs)


def test_pairs_for_another_map_are_refused() -> None:
    with pytest.raises(ConfigError, match="pairs belong to the label map 'given', got the map 'random'"):
        fit("random", ("w", "x", "y", "z"), {"cat": 0})


def test_random_labels_are_distinct_and_come_from_the_seed() -> None:
    labels = tuple(map(str, range(50)))
    drawn = [fit("random", labels, seed=seed).state()["indices"] for seed in range(20)]
    assert all(len(set(indices)) == len(CLASSES) for indices in drawn)
    assert drawn[3] == fit("random", labels, seed=3).state()["indices"]
    assert len({tuple(indices) for indices in drawn}) > 15


@pytest.mark.parametrize("name", ["identity", "given", "random", "frequency", "iterative", "mean", "semantic"])
def test_fewer_labels_than_classes_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="has 2 labels for 3 classes; use the map 'linear'"):
        fit(name, ("cat", "dog"))
