"""Every label map against every kind of answer: it works, or it refuses by name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError, DataError
from bbprompt.labelmaps import LABEL_MAPS, check_label_map, fit_label_map, load_label_map
from bbprompt.labelmaps.affine import Affine
from bbprompt.labelmaps.base import LabelMap
from bbprompt.labelmaps.one_to_one import OneToOne
from bbprompt.oracle import Answer, OracleSpec, Scores

K, C, N = 12, 4, 40
CLASSES = ("ant", "bee", "cat", "dog")
LABELS = (*(f"thing {i}" for i in range(K - C)), *CLASSES)
SPEC = OracleSpec("toy", (8, 8), LABELS, Answer.LOGITS)
TARGETS = np.arange(N) % C
EVERY_PAIR = [(name, answer) for name in LABEL_MAPS for answer in Answer]


def answers(kind: Answer) -> Scores:
    logits = np.random.default_rng(0).normal(size=(N, K)).astype(np.float32)
    logits[np.arange(N), 2 + TARGETS] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    values = {
        Answer.LOGITS: logits,
        Answer.PROBABILITIES: probabilities,
        Answer.TOP_K: np.where(probabilities >= np.sort(probabilities)[:, -3:-2], probabilities, np.nan),
        Answer.TAGS: np.maximum(expit(logits), 0.5),
        Answer.SIMILARITY: np.tanh(logits / 10),
        Answer.LABEL: np.eye(K)[logits.argmax(axis=1)],
    }
    return Scores(values[kind].astype(np.float32), kind)


def options(name: str) -> dict[str, Any]:
    pairs: dict[str, str | int] | None = {"ant": 2, "bee": 3, "cat": "cat", "dog": 5} if name == "given" else None
    return {"pairs": pairs, "text": spelling if name in ("semantic", "swapped") else None}


def fit(name: str, kind: Answer = Answer.LOGITS) -> LabelMap:
    rng = np.random.default_rng(1)
    return fit_label_map(name, answers(kind), TARGETS, spec=SPEC, classes=CLASSES, rng=rng, **options(name))


def refusal(name: str, kind: Answer, spec: OracleSpec = SPEC) -> str | None:
    """What the check says before there is an answer."""
    try:
        check_label_map(name, kind, spec=spec, classes=CLASSES, **options(name))
    except ConfigError as error:
        return str(error)
    return None


def spelling(texts: Sequence[str]) -> Float:
    return np.array([[text.count(chr(97 + i)) for i in range(26)] for text in texts], dtype=float)


@pytest.mark.parametrize(("name", "kind"), EVERY_PAIR)
def test_every_answer_works_or_is_refused_by_name(name: str, kind: Answer) -> None:
    if kind in LABEL_MAPS[name].accepts:
        class_scores = fit(name, kind)(answers(kind).log())
        assert class_scores.shape == (N, C)
        assert np.isfinite(class_scores).all()
        assert refusal(name, kind) is None
    else:
        with pytest.raises(
            ConfigError, match=rf"'{re.escape(name)}' needs .* got answers of kind {kind}; use "
        ) as caught:
            fit(name, kind)
        assert refusal(name, kind) == str(caught.value)


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_too_few_labels_are_refused_before_there_is_an_answer(name: str) -> None:
    few = replace(SPEC, labels=("cat", "dog", "ant"))
    assert bool(refusal(name, Answer.LOGITS, few)) == (not issubclass(LABEL_MAPS[name], Affine))


@pytest.mark.parametrize("name", [name for name in LABEL_MAPS if LABEL_MAPS[name].learns] + ["frequency"])
@pytest.mark.parametrize("kind", Answer)
def test_maps_that_read_the_scores_find_the_labels_that_tell_the_classes_apart(name: str, kind: Answer) -> None:
    if kind in LABEL_MAPS[name].accepts:
        predicted = fit(name, kind)(answers(kind).log()).argmax(axis=1)
        assert (predicted == TARGETS).mean() > 0.8


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_state_goes_through_json_to_the_last_bit(name: str) -> None:
    fitted = fit(name)
    state = json.loads(json.dumps(fitted.state()))
    again = load_label_map(state)
    assert type(again) is type(fitted)
    assert again.state() == fitted.state()
    log_scores = answers(Answer.LOGITS).log()
    np.testing.assert_array_equal(again(log_scores), fitted(log_scores), strict=True)


@pytest.mark.parametrize("name", LABEL_MAPS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_equals_numpy(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    fitted = fit(name)
    log_scores = answers(Answer.LOGITS).log().astype(dtype)
    tensor = torch.tensor(log_scores, requires_grad=True)
    class_scores = fitted(tensor)
    assert class_scores.dtype == tensor.dtype
    tolerance = 0.0 if isinstance(fitted, OneToOne) else 1e-5
    np.testing.assert_allclose(class_scores.detach().numpy(), fitted(log_scores), rtol=0, atol=tolerance)
    class_scores.sum().backward()
    assert bool((tensor.grad != 0).any(dim=0).sum() >= C)


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_fitting_twice_gives_the_same_map_and_leaves_the_scores_alone(name: str) -> None:
    scores = answers(Answer.LOGITS)
    before = scores.values.copy()
    assert fit(name).state() == fit(name).state()
    np.testing.assert_array_equal(scores.values, before)


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_scores_of_another_width_are_refused(name: str) -> None:
    with pytest.raises(
        ConfigError, match=f"{re.escape(name)}.* reads 12 labels, got scores of shape .2, 5.*fit it again"
    ):
        fit(name)(np.zeros((2, 5)))


BAD = {
    "empty class": (TARGETS % 3, CLASSES, "'dog' has no image"),
    "out of range": (TARGETS + 1, CLASSES, r"0\.\.3, got 1\.\.4"),
    "negative": (TARGETS - 1, CLASSES, r"0\.\.3, got -1\.\.2"),
    "too few targets": (TARGETS[1:], CLASSES, r"shape \(40,\), got \(39,\)"),
    "not numbers": (TARGETS.astype(float), CLASSES, "got float64"),
}


@pytest.mark.parametrize("name", LABEL_MAPS)
@pytest.mark.parametrize("bad", BAD)
def test_bad_targets_are_refused(name: str, bad: str) -> None:
    targets, classes, message = BAD[bad]
    with pytest.raises(DataError, match=message):
        LABEL_MAPS[name].fit(
            answers(Answer.LOGITS), targets, spec=SPEC, classes=classes, rng=np.random.default_rng(0)
        )


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_scores_that_the_spec_does_not_describe_are_refused(name: str) -> None:
    spec = replace(SPEC, labels=LABELS[1:])
    with pytest.raises(DataError, match=r"\(n, 11\) for toy, got \(40, 12\)"):
        fit_label_map(
            name, answers(Answer.LOGITS), TARGETS, spec=spec, classes=CLASSES, rng=np.random.default_rng(0)
        )


def test_an_unknown_map_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'linear'"):
        fit("liner")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"name": "frequency"},
        {"name": "frequency", "indices": ["x"], "width": 3},
        {"name": "mean", "indices": [0, 1], "width": 3},
        {"name": "linear", "classes": 2, "weight": "&", "offset": ""},
        {"name": "linear", "classes": 3, "weight": "AAAAAA==", "offset": "AAAAAA=="},
    ],
)
def test_a_damaged_state_is_refused(state: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="not a label map's state"):
        load_label_map(state)
