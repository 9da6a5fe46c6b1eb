"""The suite for oracles passes a sound one of every kind, and names what is wrong with each broken one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax

from bbprompt.arrays import Float32, UInt8
from bbprompt.oracle import Answer, OracleSpec, Scores, check_images
from bbprompt.testing import ORACLE_CHECKS, check_oracle

WEIGHTS = np.random.default_rng(3).normal(0, 1e-2, (4 * 6 * 3, 5))


def answer_of(images: UInt8, spec: OracleSpec) -> Float32:
    logits = images.reshape(len(images), -1) / 255 @ WEIGHTS * 20 + np.arange(5)
    probabilities = softmax(logits, axis=1)
    match spec.answer:
        case Answer.LOGITS | Answer.SIMILARITY:
            values = logits
        case Answer.PROBABILITIES:
            values = probabilities
        case Answer.TOP_K:
            assert spec.top_k is not None
            kth = np.sort(probabilities, axis=1)[:, -spec.top_k, None]
            values = np.where(probabilities >= kth, probabilities, np.nan)
        case Answer.TAGS:
            values = np.maximum(expit(logits), 0.5)
        case Answer.LABEL:
            values = np.eye(5)[probabilities.argmax(axis=1)]
    return values.astype(np.float32)


@dataclass
class Linear:
    answer: Answer = Answer.PROBABILITIES
    change: Callable[[Any, Any], Any] = lambda values, _images: values
    checks: bool = True
    spec: OracleSpec = field(init=False)

    def __post_init__(self) -> None:
        top_k = 2 if self.answer is Answer.TOP_K else None
        self.spec = OracleSpec("linear", (4, 6), tuple("abcde"), self.answer, 4, 2, None, top_k)

    def query(self, images: UInt8) -> Scores:
        if self.checks:
            check_images(images, self.spec)
        return Scores(self.change(answer_of(images, self.spec), images), self.answer)


@pytest.mark.parametrize("answer", Answer)
def test_a_sound_oracle_passes(answer: Answer) -> None:
    check_oracle(Linear(answer))


def drifting() -> Callable[[Float32, UInt8], Float32]:
    calls = iter(range(10_000))
    return lambda values, _images: values + np.float32(0.01 * next(calls))


def batch_normalised(values: Float32, _images: UInt8) -> Float32:
    return np.asarray(values - values.mean(axis=0))


def writes_into_images(values: Float32, images: UInt8) -> Float32:
    images[:] = 0
    return values


def crossed_wires() -> Callable[[Float32, UInt8], Float32]:
    barrier, last = threading.Barrier(2), [np.zeros((1, 5), np.float32)]

    def change(values: Float32, _images: UInt8) -> Float32:
        mine, last[0] = last[0], values
        if threading.current_thread() is not threading.main_thread():
            barrier.wait(timeout=5)
            return mine
        return values

    return change


BROKEN = {
    "deterministic": (Linear(Answer.LOGITS, drifting()), "queried again"),
    "order": (Linear(change=lambda values, _: values[np.argsort(values[:, 0])]), "reverse order"),
    "batch-of-one": (Linear(Answer.LOGITS, batch_normalised), "one at a time"),
    "in-flight": (Linear(Answer.LOGITS, crossed_wires()), "at once"),
    "refuses-wrong-images": (Linear(change=lambda _, i: np.ones((len(i), 5), np.float32), checks=False), "size"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_oracle_is_caught(name: str) -> None:
    oracle, said = BROKEN[name]
    with pytest.raises((AssertionError, ValueError), match=said):
        ORACLE_CHECKS[name](oracle, 1e-4)


WRONG_ANSWERS = {
    "float32": Linear(change=lambda values, _: values.astype(np.float64)),
    "add up to": Linear(change=lambda values, _: values / 2),
    "one-hot": Linear(Answer.LABEL, lambda values, _: values * 0.5),
    "answers list": Linear(Answer.TOP_K, lambda values, _: np.nan_to_num(values)),
    "NaN or infinity": Linear(change=lambda values, _: values * np.float32("nan")),
    "expected .4, 5.": Linear(change=lambda values, _: values[:, :3]),
}


@pytest.mark.parametrize("said", WRONG_ANSWERS)
def test_a_wrong_answer_is_caught(said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        ORACLE_CHECKS["answers"](WRONG_ANSWERS[said], 1e-4)


def test_an_oracle_that_writes_into_its_images_is_caught() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ORACLE_CHECKS["answers"](Linear(change=writes_into_images), 1e-4)


WRONG_SPECS: dict[str, dict[str, Any]] = {
    "name": {"name": " "},
    "max_batch": {"max_batch": 0},
    "at least 2": {"labels": ("a",)},
    "top_k": {"top_k": 2},
}


@pytest.mark.parametrize("said", WRONG_SPECS)
def test_a_wrong_spec_is_caught(said: str) -> None:
    oracle = Linear()
    oracle.spec = replace(oracle.spec, **WRONG_SPECS[said])
    with pytest.raises(AssertionError, match=said):
        ORACLE_CHECKS["spec"](oracle, 0.0)


def test_gradients_reach_the_images_and_agree_with_the_answers() -> None:
    torch = pytest.importorskip("torch")
    from bbprompt.testing import check_differentiable_oracle

    class Differentiable(Linear):
        device = torch.device("cpu")

        def logits(self, images: Any) -> Any:
            pixels = images.permute(0, 2, 3, 1).flatten(1)
            return pixels @ torch.tensor(WEIGHTS * 20, dtype=pixels.dtype) + torch.arange(5)

    class Shifted(Differentiable):
        def logits(self, images: Any) -> Any:
            return super().logits(images.flip(3))

    check_differentiable_oracle(Differentiable())
    with pytest.raises(AssertionError, match="logits, as log-probabilities"):
        check_differentiable_oracle(Shifted())
