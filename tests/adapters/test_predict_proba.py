"""scikit-learn's classifiers as oracles: real digits, read as scikit-learn itself reads them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bbprompt.data import load_source
from bbprompt.errors import AnswerError, ConfigError
from bbprompt.oracle import Answer, OracleSpec
from bbprompt.registry import open_oracle
from bbprompt.testing.oracles import check_oracle
from bbprompt_adapters.predict_proba import PredictProbaOracle

SPEC = OracleSpec("digits", (8, 8), tuple("0123456789"), Answer.PROBABILITIES, max_batch=64)


def fitted() -> LogisticRegression:
    digits = load_source("digits").pool
    grey = digits.images[..., 0].reshape(-1, 64) / 255
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(grey[:1000], digits.targets[:1000])


def test_reads_digits_as_scikit_learn_does() -> None:
    digits, model = load_source("digits").pool, fitted()
    oracle = PredictProbaOracle(model, SPEC, "grey")
    check_oracle(oracle, tolerance=1e-6)
    held_out = digits.images[1000:]
    expected = model.predict_proba(held_out[..., 0].reshape(-1, 64) / 255)
    found = oracle.query(held_out).values
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (found.argmax(axis=1) == digits.targets[1000:]).mean() > 0.85


class Shapes:
    classes_ = np.array(["a", "b"])

    def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
        self.seen = inputs
        return np.full((len(inputs), 2), 0.5)


@pytest.mark.parametrize(("layout", "shape"), [("flat", (2, 192)), ("grey", (2, 64)), ("image", (2, 8, 8, 3))])
def test_images_arrive_in_the_layout_asked_for(layout: str, shape: tuple[int, ...]) -> None:
    model = Shapes()
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    spec = OracleSpec("shapes", (8, 8), ("a", "b"), Answer.PROBABILITIES)
    PredictProbaOracle(model, spec, layout).query(images)  # type: ignore[arg-type]
    assert model.seen.shape == shape
    if layout != "grey":
        np.testing.assert_allclose(model.seen.reshape(images.shape) * 255, images)


def test_what_is_no_probability_is_an_answer_error() -> None:
    class Wild(Shapes):
        def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
            return np.full((len(inputs), 2), 7.0)

    spec = OracleSpec("wild", (8, 8), ("a", "b"), Answer.PROBABILITIES)
    with pytest.raises(AnswerError, match="where probabilities in"):
        PredictProbaOracle(Wild(), spec).query(np.zeros((1, 8, 8, 3), dtype=np.uint8))


def test_opens_by_module_and_attribute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_models.py").write_text(
        "class Model:\n"
        "    classes_ = ['cat', 'dog']\n"
        "    def predict_proba(self, inputs):\n"
        "        return [[0.25, 0.75]] * len(inputs)\n"
        "model, plain = Model(), object()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    oracle = open_oracle("predict-proba", {"model": "my_models:model", "input_size": [4, 5]})
    assert oracle.spec.labels == ("cat", "dog")
    np.testing.assert_array_equal(oracle.query(np.zeros((1, 4, 5, 3), dtype=np.uint8)).values, [[0.25, 0.75]])
    for name, message in {
        "my_models": "expected 'module:attribute'",
        "my_models:other": "cannot find the classifier",
        "my_models:plain": "is a object without predict_proba",
    }.items():
        with pytest.raises(ConfigError, match=message):
            open_oracle("predict-proba", {"model": name, "input_size": [4, 5]})
