"""The linear map: the exact minimum, as good as scikit-learn's, sane with next to no images."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.preprocessing import StandardScaler

from bbprompt.arrays import Float, Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps import fit_label_map, load_label_map
from bbprompt.labelmaps.inputs import floors
from bbprompt.labelmaps.linear import Linear
from bbprompt.labelmaps.logistic import Rotated, fit_path, negative_log_likelihood
from bbprompt.oracle import Answer, OracleSpec, Scores


def task(n: int, *, k: int, c: int, noise: float, seed: int = 0) -> tuple[Scores, Int]:
    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.arange(n) % c)
    mix = rng.normal(size=(20, k))
    hidden = rng.normal(size=(c, 20))[targets] + noise * rng.normal(size=(n, 20))
    logits = hidden @ mix / 2 + rng.normal(size=(n, k)) / 2
    return Scores(logits.astype(np.float32), Answer.LOGITS), targets


def part(scores: Scores, rows: slice) -> Scores:
    return Scores(scores.values[rows], scores.answer)


def fit(scores: Scores, targets: Int) -> Linear:
    labels = tuple(map(str, range(scores.values.shape[1])))
    spec = OracleSpec("toy", (8, 8), labels, scores.answer)
    classes = tuple(map(str, range(int(targets.max()) + 1)))
    fitted = fit_label_map("linear", scores, targets, spec=spec, classes=classes, rng=np.random.default_rng(0))
    assert isinstance(fitted, Linear)
    return fitted


def nats(class_scores: Float, targets: Int) -> float:
    weights = np.vstack([np.eye(class_scores.shape[1]), np.zeros(class_scores.shape[1])])
    return float(negative_log_likelihood(class_scores, targets, weights).mean())


@pytest.mark.parametrize(("n", "k"), [(60, 200), (200, 30)])
def test_the_minimum_is_scikit_learns(n: int, k: int) -> None:
    scores, targets = task(n, k=k, c=5, noise=2.0)
    inputs = StandardScaler().fit_transform(scores.log())
    rotated = Rotated.of(inputs)
    fits = fit_path(rotated.coordinates, targets, c=5, strengths=[1000.0, 30.0, 1.0], tolerance=1e-8)
    for strength, fitted in zip([1000.0, 30.0, 1.0], fits, strict=True):
        peer = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=20_000).fit(inputs, targets)
        np.testing.assert_allclose(rotated.basis.T @ fitted[:-1], peer.coef_.T, atol=1e-4)
        ours = rotated.coordinates @ fitted[:-1] + fitted[-1]
        theirs = peer.decision_function(inputs)
        ours, theirs = (shown - shown.mean(axis=1, keepdims=True) for shown in (ours, theirs))
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize(("n", "k", "noise"), [(160, 1000, 1.5), (160, 300, 3.0), (80, 100, 2.0)])
def test_unseen_images_fare_as_well_as_with_scikit_learns_cross_validation(n: int, k: int, noise: float) -> None:
    scores, targets = task(n + 2000, k=k, c=10, noise=noise)
    seen, unseen = slice(None, n), slice(n, None)
    ours = fit(part(scores, seen), targets[seen])(part(scores, unseen).log())
    scaler = StandardScaler().fit(scores.log()[seen])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = LogisticRegressionCV(Cs=9, cv=5, scoring="neg_log_loss", max_iter=300)
        peer.fit(scaler.transform(scores.log()[seen]), targets[seen])
    theirs = peer.predict_log_proba(scaler.transform(scores.log()[unseen]))
    assert nats(ours, targets[unseen]) < nats(theirs, targets[unseen]) + 0.03
    hits = [float((s.argmax(axis=1) == targets[unseen]).mean()) for s in (ours, theirs)]
    assert hits[0] > hits[1] - 0.02


def test_one_image_per_class_is_enough_to_stand_on() -> None:
    scores, targets = task(1010, k=200, c=10, noise=0.5)
    first = np.array([int(np.flatnonzero(targets == i)[0]) for i in range(10)])
    fitted = fit(Scores(scores.values[first], scores.answer), targets[first])
    class_scores = fitted(scores.log())
    assert (class_scores.argmax(axis=1) == targets).mean() > 0.6
    assert nats(class_scores, targets) < np.log(10)


def test_pure_noise_is_not_believed() -> None:
    rng = np.random.default_rng(0)
    scores = Scores(rng.normal(size=(100, 400)).astype(np.float32), Answer.LOGITS)
    unseen = Scores(rng.normal(size=(500, 400)).astype(np.float32), Answer.LOGITS)
    assert nats(fit(scores, np.arange(100) % 5)(unseen.log()), np.arange(500) % 5) < np.log(5) + 0.1


def top_five_of_a_thousand(targets: Int, *, seed: int) -> Scores:
    """Forty labels a class, more likely than others, and an image's own moods: few images share a listed label."""
    usual = np.zeros((10, 1000))
    for labels, row in zip(np.random.default_rng(0).permutation(1000)[:400].reshape(10, 40), usual, strict=True):
        row[labels] = 4.0
    logits = usual[targets] + 2.5 * np.random.default_rng(seed).normal(size=(len(targets), 1000))
    p = softmax(logits, axis=1)
    return Scores(np.where(p >= np.sort(p, axis=1)[:, -5, None], p, np.nan).astype(np.float32), Answer.TOP_K)


@pytest.mark.parametrize("seed", [2, 4])
def test_sparse_answers_are_learned_from_though_strong_priors_learn_nothing(seed: int) -> None:
    targets = np.arange(560) % 10
    answers = top_five_of_a_thousand(targets, seed=seed)
    fitted = fit(part(answers, slice(160)), targets[:160])
    found = fitted(part(answers, slice(160, None)).log()).argmax(axis=1)
    assert (found == targets[160:]).mean() > 0.7


def labels_alone(labels: Int, *, k: int) -> Scores:
    return Scores(np.eye(k, dtype=np.float32)[labels], Answer.LABEL)


def test_of_labels_alone_it_says_how_likely_a_class_is_under_each() -> None:
    rng = np.random.default_rng(0)
    likely = rng.dirichlet(np.full(6, 0.3), size=4)
    targets = np.arange(20_000) % 4
    labels = (rng.random(len(targets))[:, None] > likely[targets].cumsum(axis=1)).sum(axis=1)
    believed = softmax(fit(labels_alone(labels, k=6), targets)(labels_alone(np.arange(6), k=6).log()), axis=1)
    np.testing.assert_allclose(believed, (likely / likely.sum(axis=0)).T, atol=0.04)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_of_labels_alone_rare_ones_that_say_nothing_are_believed_less_than_counts_would(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = np.arange(2160) % 4
    telling = np.where(rng.random(2160) < 0.7, targets, rng.integers(0, 4, 2160))
    answers = labels_alone(np.where(rng.random(2160) < 0.5, telling, rng.integers(4, 104, 2160)), k=104)
    seen, unseen = (part(answers, slice(160)), targets[:160]), (part(answers, slice(160, None)), targets[160:])
    spec, classes = OracleSpec("toy", (8, 8), tuple(map(str, range(104))), Answer.LABEL), tuple("abcd")
    counted = fit_label_map("bayesian", *seen, spec=spec, classes=classes, rng=rng)
    assert nats(fit(*seen)(unseen[0].log()), unseen[1]) < nats(counted(unseen[0].log()), unseen[1]) - 0.02


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_answers_that_never_change_say_nothing(value: float) -> None:
    scores = Scores(np.full((12, 4), value, dtype=np.float32), Answer.SIMILARITY)
    class_scores = fit(scores, np.arange(12) % 3)(scores.log())
    np.testing.assert_allclose(class_scores, 0, atol=1e-4)


def test_a_label_that_hardly_moves_is_not_blown_up() -> None:
    scores, targets = task(60, k=30, c=3, noise=1.0)
    values = np.tanh(scores.values)
    values[:, 0] = 0.5 + 1e-6 * np.arange(60) * (targets == 0)
    fitted = fit(Scores(values, Answer.SIMILARITY), targets)
    moved = values.copy()
    moved[:, 0] += 0.01
    drift = fitted(moved.astype(np.float64)) - fitted(values.astype(np.float64))
    assert np.abs(drift).max() < 1


def test_an_image_asked_twice_in_a_row_is_left_out_whole() -> None:
    scores, targets = task(2060, k=300, c=3, noise=4.0)
    seen, unseen = slice(None, 60), slice(60, None)
    once = fit(part(scores, seen), targets[seen])
    twice = fit(Scores(np.repeat(scores.values[seen], 2, axis=0), scores.answer), np.repeat(targets[seen], 2))
    losses = [nats(fitted(part(scores, unseen).log()), targets[unseen]) for fitted in (once, twice)]
    assert losses[1] < losses[0] + 0.1


def test_the_state_of_a_thousand_labels_fits_a_text_chunk() -> None:
    fitted = Linear(np.ones((1000, 10), dtype=np.float32), np.zeros(10, dtype=np.float32))
    assert len(fitted.state()["weight"]) < 2**16


def rounded(n: int = 120, *, decimals: int = 5, sharp: float = 4) -> tuple[Scores, Int]:
    """Answers of a service that rounds its probabilities, some of them to 0."""
    scores, targets = task(n, k=20, c=4, noise=1.0)
    values = softmax(sharp * scores.values, axis=1).round(decimals).astype(np.float32)
    return Scores(values, Answer.PROBABILITIES), targets


def test_where_answers_are_rounded_0_may_be_a_quarter_of_the_last_place() -> None:
    scores, targets = rounded(sharp=1)
    assert 0 < (scores.values == 0).mean() < 0.2
    filled = np.where(scores.values == 0, np.float32(1e-5) / 4, scores.values)
    found = fit(scores, targets)
    expected = fit(Scores(filled, scores.answer), targets)
    assert expected.floor is None
    np.testing.assert_allclose(found.weight, expected.weight, rtol=1e-3, atol=1e-5)
    expected_scores = expected(Scores(filled, scores.answer).log())
    np.testing.assert_allclose(found(scores.log()), expected_scores, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("sharp", [1, 2, 4, 8, 16])
def test_cross_validation_chooses_what_a_rounded_0_counts_as(sharp: float, monkeypatch: pytest.MonkeyPatch) -> None:
    scores, targets = rounded(400, sharp=sharp, decimals=3)
    train, test = part(scores, slice(0, 80)), part(scores, slice(80, None))
    nats_of = {}
    raised, left = floors(train)
    for name, allowed in {"chosen": (raised, left), "raised": (raised,), "left": (left,)}.items():
        monkeypatch.setattr("bbprompt.labelmaps.linear.floors", lambda _scores, allowed=allowed: allowed)
        nats_of[name] = nats(fit(train, targets[:80])(test.log()), targets[80:])
    assert nats_of["chosen"] in (nats_of["raised"], nats_of["left"])
    assert nats_of["chosen"] <= 1.1 * min(nats_of.values())


def test_an_underflow_is_not_rounding() -> None:
    scores, _ = rounded(decimals=5)
    assert floors(scores) == (pytest.approx(np.log(1e-5 / 4)), None)
    values = scores.values.copy()
    values[0, :2] = 1 / 3, 0
    assert floors(Scores(values, Answer.PROBABILITIES)) == (None,)
    assert floors(Scores(scores.values, Answer.TAGS)) == (None,)
    assert floors(Scores(np.eye(20, dtype=np.float32), Answer.LABEL)) == (None,)


def test_what_a_rounded_top_k_leaves_to_others_has_a_floor_whatever_its_sum_is() -> None:
    scores, _ = rounded(decimals=4)
    last = np.sort(scores.values, axis=1)[:, -8:-7]
    listed = np.where(scores.values >= last, scores.values, np.float32(np.nan))
    assert floors(Scores(listed, Answer.TOP_K)) == (pytest.approx(np.log(1e-4 / 4)), None)


def test_with_one_image_of_a_class_a_rounded_0_is_raised() -> None:
    scores, targets = rounded(sharp=16)
    few = np.flatnonzero((targets != 0) | (np.cumsum(targets == 0) == 1))
    assert fit(Scores(scores.values[few], scores.answer), targets[few]).floor == floors(scores)[0]


@pytest.mark.parametrize("floor", ["low", float("nan"), [1.0]])
def test_a_damaged_floor_is_refused(floor: object) -> None:
    scores, targets = rounded(sharp=1)
    with pytest.raises(ConfigError, match="no finite number"):
        load_label_map({**fit(scores, targets).state(), "floor": floor})


def test_a_floor_is_stored_and_none_is_not() -> None:
    scores, targets = rounded(sharp=1)
    found = fit(scores, targets)
    assert found.floor is not None
    again = load_label_map(json.loads(json.dumps(found.state())))
    np.testing.assert_array_equal(again(scores.log()), found(scores.log()))
    assert "floor" not in fit(*task(60, k=20, c=4, noise=1.0)).state()


def test_torch_has_the_same_floor() -> None:
    torch = pytest.importorskip("torch")
    scores, targets = rounded(sharp=1)
    found = fit(scores, targets)
    assert found.floor is not None
    np.testing.assert_allclose(found(torch.from_numpy(scores.log())).numpy(), found(scores.log()), rtol=1e-12)
