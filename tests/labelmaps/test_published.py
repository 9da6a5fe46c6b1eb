"""The published output transformations against their equations, each in a line or two of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from bbprompt.arrays import Float, Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps import fit_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Answer, OracleSpec, Scores

N, K, C = 60, 20, 7
CLASSES = tuple(f"class {i}" for i in range(C))
SPEC = OracleSpec("toy", (8, 8), tuple(f"label {i}" for i in range(K)), Answer.LOGITS)


def task(seed: int, *, classes: int = C) -> tuple[Float, Int]:
    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.arange(N) % classes)
    logits = rng.normal(size=(N, K)) * 2
    logits[np.arange(N), 2 * targets + rng.integers(2, size=N)] += 6
    return logits.astype(np.float32).astype(float), targets


def fit(name: str, logits: Float, targets: Int, *, classes: tuple[str, ...] = CLASSES, **options: int) -> LabelMap:
    scores = Scores(logits.astype(np.float32), Answer.LOGITS)
    rng = np.random.default_rng(0)
    return fit_label_map(name, scores, targets, spec=SPEC, classes=classes, rng=rng, sources=options.get("sources"))


@pytest.mark.parametrize("seed", range(5))
def test_blm_is_the_normalised_share_of_each_class_in_each_label(seed: int) -> None:
    logits, y = task(seed)
    counts = np.array([[((logits.argmax(1) == s) & (y == t)).sum() for t in range(C)] for s in range(K)])
    w = counts / (counts.sum(1, keepdims=True) + 1)
    np.testing.assert_allclose(
        fit("bayesian", logits, y)(log_softmax(logits, 1)), log_softmax(logits, 1) @ (w / w.sum(0)), atol=1e-5
    )


@pytest.mark.parametrize("classes", [C, 10])
@pytest.mark.parametrize("seed", range(5))
def test_blm_plus_adds_up_the_likeliest_probabilities(seed: int, classes: int) -> None:
    logits, y = task(seed, classes=classes)
    p = softmax(logits, axis=1)
    kept = np.where(p >= np.sort(p, axis=1)[:, [-max(1, int(0.15 * classes))]], p, 0)
    d = np.stack([kept[y == t].sum(axis=0) for t in range(classes)], axis=1)
    w = d / (d.sum(1, keepdims=True) + 1)
    fitted = fit("bayesian+", logits, y, classes=tuple(map(str, range(classes))))
    np.testing.assert_allclose(fitted(log_softmax(logits, 1)), log_softmax(logits, 1) @ (w / w.sum(0)), atol=1e-5)


def test_blm_plus_keeps_several_labels_where_classes_are_many() -> None:
    logits, _ = task(0)
    from bbprompt.labelmaps.bayesian import BayesianPlus

    assert [(BayesianPlus.votes(logits, c) > 0).sum(axis=1).max() for c in (2, 14, 20, 40, 1000)] == [1, 2, 3, 6, K]


def test_blm_reads_logits_and_probabilities_alike() -> None:
    logits, y = task(0)
    fitted = fit("bayesian", logits, y)
    np.testing.assert_array_equal(fitted(logits).argmax(1), fitted(log_softmax(logits, 1)).argmax(1))


@pytest.mark.parametrize("sources", [1, 2])
def test_mean_is_the_log_of_the_mean_probability(sources: int) -> None:
    logits, y = task(1)
    fitted = fit("mean", logits, y, sources=sources)
    own = np.array(fitted.state()["indices"])
    assert own.shape == (C, sources)
    expected = softmax(logits, axis=1)[:, own].mean(axis=2)
    np.testing.assert_allclose(np.exp(fitted(log_softmax(logits, 1))), expected, atol=1e-12)


def test_mean_of_one_is_the_iterative_map() -> None:
    logits, y = task(2)
    assert (
        np.ravel(fit("mean", logits, y, sources=1).state()["indices"]).tolist()
        == (fit("iterative", logits, y).state()["indices"])
    )


def test_mean_finds_both_labels_of_each_class() -> None:
    y = np.repeat(np.arange(C), 8)
    logits = np.eye(K)[2 * y + np.arange(len(y)) % 2] * 5
    found = fit("mean", logits, y, sources=2).state()["indices"]
    assert [set(labels) for labels in found] == [{2 * i, 2 * i + 1} for i in range(C)]


def test_mean_takes_as_many_as_there_are_and_refuses_more() -> None:
    logits, y = task(4)
    assert {len(labels) for labels in fit("mean", logits, y).state()["indices"]} == {K // C}
    for sources in (0, 3):
        with pytest.raises(ConfigError, match=r"7 classes 1 to 2 of the 20 labels .* got \[labels\] sources = "):
            fit("mean", logits, y, sources=sources)


WORDS = {
    "Persian cat": (1, 0.1),
    "beagle": (0.1, 1),
    "teapot": (-1, -1),
    "cat": (1, 0),
    "dog": (0, 2),
    "tea": (-3, -2),
}


def meanings(texts: Sequence[str]) -> Float:
    return np.array([WORDS[text] for text in texts], dtype=float)


def by_name(name: str, classes: tuple[str, ...]) -> list[int]:
    spec = OracleSpec("toy", (8, 8), ("teapot", "beagle", "Persian_cat"), Answer.LABEL)
    c = len(classes)
    scores = Scores(np.eye(3, dtype=np.float32)[np.arange(c) % 3], Answer.LABEL)
    rng = np.random.default_rng(0)
    fitted = fit_label_map(name, scores, np.arange(c), spec=spec, classes=classes, rng=rng, text=meanings)
    indices: list[int] = fitted.state()["indices"]
    return indices


def test_semantic_reads_the_labels_that_mean_the_same() -> None:
    assert by_name("semantic", ("cat", "dog")) == [2, 1]
    assert by_name("semantic", ("tea", "dog", "cat")) == [0, 1, 2]


def test_semantic_is_the_best_of_all_assignments() -> None:
    rng = np.random.default_rng(0)
    vectors = {text: rng.normal(size=4) for text in (*CLASSES, *SPEC.labels)}
    spec = OracleSpec("toy", (8, 8), SPEC.labels[:6], Answer.LABEL)
    scores = Scores(np.eye(6, dtype=np.float32)[:3], Answer.LABEL)
    fitted = fit_label_map(
        "semantic",
        scores,
        np.arange(3),
        spec=spec,
        classes=CLASSES[:3],
        rng=rng,
        text=lambda texts: np.array([vectors[text] for text in texts]),
    )
    unit = {text: vector / np.linalg.norm(vector) for text, vector in vectors.items()}

    def likeness(labels: tuple[int, ...]) -> float:
        return float(sum(unit[CLASSES[i]] @ unit[SPEC.labels[s]] for i, s in enumerate(labels)))

    assert tuple(fitted.state()["indices"]) == max(permutations(range(6), 3), key=likeness)


def test_swapped_hands_the_labels_on() -> None:
    assert by_name("swapped", ("cat", "dog")) == [1, 2]
    assert by_name("swapped", ("tea", "dog", "cat")) == [1, 2, 0]


def test_meaning_needs_an_encoder() -> None:
    with pytest.raises(ConfigError, match=r"'semantic' compares meanings .* set \[labels\] text"):
        fit("semantic", *task(0))


def test_options_of_other_maps_are_refused() -> None:
    with pytest.raises(ConfigError, match="sources belong to the label map 'mean', got the map 'bayesian'"):
        fit("bayesian", *task(0), sources=2)
