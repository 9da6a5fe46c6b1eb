"""A small oracle for tests: a random linear classifier of pixels, as slow and as unreliable as asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, softmax

from bbprompt.arrays import Float, UInt8
from bbprompt.oracle import Answer, OracleSpec, Scores, check_images

FAKE_SPEC = OracleSpec(
    name="fake", input_size=(4, 4), labels=("a", "b", "c"), answer=Answer.LOGITS, max_batch=8, max_in_flight=4
)


@dataclass(slots=True)
class FakeOracle:
    """Score images by fixed random weights. An image's answer does not depend on its batch, to the last bit.

    Attributes:
        spec: what it claims to be; any size, labels, kind of answer.
        seed: of its weights.
        latency_s: seconds that each request takes.
        faults: what the first requests get, one entry each: an exception to raise, scores to answer instead, or
            ``None`` for the right answer. Requests after the last entry are answered.
        requests: how many images each request held, in the order they came.
    """

    spec: OracleSpec = FAKE_SPEC
    seed: int = 0
    latency_s: float = 0.0
    faults: Iterable[BaseException | Scores | None] = ()
    requests: list[int] = field(default_factory=list, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self.faults = iter(self.faults)

    @property
    def queries(self) -> int:
        """Images that came."""
        return sum(self.requests)

    def query(self, images: UInt8) -> Scores:
        """Answer as the script says, else by the weights.

        Raises:
            BaseException: what ``faults`` holds for this request.
        """
        check_images(images, self.spec)
        with self._turn:
            self.requests.append(len(images))
            fault = next(iter(self.faults), None)
        time.sleep(self.latency_s)
        if isinstance(fault, BaseException):
            raise fault
        return self.answer(images) if fault is None else fault

    def answer(self, images: UInt8) -> Scores:
        """The right answer to ``images``, for free."""
        return Scores(_express(self._logits(images), self.spec).astype(np.float32), self.spec.answer)

    def _logits(self, images: UInt8) -> Float:
        """Whole numbers until the last division: sums are exact, however the library orders them."""
        pixels = images.reshape(len(images), -1).astype(np.int64) - 128
        weights = np.random.default_rng(self.seed).integers(-64, 65, size=(pixels.shape[1], len(self.spec.labels)))
        return np.asarray((pixels @ weights) / (64 * 64 * np.sqrt(pixels.shape[1])))


def fake_images(n: int, *, spec: OracleSpec = FAKE_SPEC, seed: int = 0) -> UInt8:
    """Return n different images of noise for ``spec``: uint8, shape (n, h, w, 3)."""
    return np.random.default_rng(seed).integers(0, 256, size=(n, *spec.input_size, 3), dtype=np.uint8)


def _express(logits: Float, spec: OracleSpec) -> Float:
    match spec.answer:
        case Answer.LOGITS:
            return logits
        case Answer.SIMILARITY:
            return np.asarray(np.tanh(logits))
        case Answer.LABEL:
            return np.asarray(np.eye(len(spec.labels))[logits.argmax(axis=1)])
        case Answer.PROBABILITIES:
            return np.asarray(softmax(logits, axis=1))
        case Answer.TAGS:
            return np.asarray(np.maximum(expit(logits), spec.unlisted or 0.0))
    listed = np.argsort(np.argsort(-logits, axis=1, kind="stable"), axis=1) < (spec.top_k or 1)
    return np.where(listed, softmax(logits, axis=1), np.nan)
