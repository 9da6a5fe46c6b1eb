"""Scores of embedding servers: the cosine of an image's vector with each label's text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.errors import AnswerError
from bbprompt_adapters.declarative.answer import show
from bbprompt_adapters.declarative.paths import Path


class Texts:
    """The labels' vectors, fetched once, before the first image; they are not counted as queries."""

    def __init__(self, fetch: Callable[[], Sequence[Any]], path: Path) -> None:
        self._fetch, self._path = fetch, path
        self._turn = threading.Lock()
        self._vectors: Float | None = None

    def vectors(self) -> Float:
        """Return float64 (k, d), of unit length."""
        with self._turn:
            if self._vectors is None:
                self._vectors = unit_rows([self._path(item) for item in self._fetch()])
            return self._vectors


@dataclass(frozen=True, slots=True)
class EmbeddingReader:
    """Reads vectors and compares them with the labels' texts."""

    path: Path
    texts: Texts

    def rows(self, items: Sequence[Any]) -> Float32:
        """Return float32 (n, k), cosines in [-1, 1].

        Raises:
            AnswerError: an item is no vector, or has another length than the labels'.
        """
        images, texts = unit_rows([self.path(item) for item in items]), self.texts.vectors()
        if images.shape[1] != texts.shape[1]:
            raise AnswerError(
                f"answered vectors of {images.shape[1]} numbers for images and {texts.shape[1]} for texts; "
                "they must come from one model"
            )
        return np.asarray(np.clip(images @ texts.T, -1, 1), dtype=np.float32)


def unit_rows(vectors: Sequence[Any]) -> Float:
    """Return float64 (n, d), each row at unit length.

    Raises:
        AnswerError: one is no vector of finite numbers, another has another length, or all is zero.
    """
    try:
        rows = np.array(vectors, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        rows = np.empty(0)
    if rows.ndim != 2 or rows.shape[1] == 0 or not np.isfinite(rows).all():
        raise AnswerError(f"expected vectors of one length, got {show(vectors[0] if vectors else None)}")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if not length.all():
        raise AnswerError("answered a vector of zeros, which has no direction")
    return np.asarray(rows / length)
