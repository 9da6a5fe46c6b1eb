"""Any classifier with ``predict_proba``, as scikit-learn has them, as a query-only oracle.

In a run file it is named as "module:attribute", imported from the working folder or from what is installed; in a
program, wrap it in ``PredictProbaOracle`` yourself. Preprocessing belongs into the model: a scikit-learn pipeline.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec
import numpy as np

from bbprompt.arrays import Float, UInt8
from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, OracleSpec, Scores, as_float32, check_images, check_scores

Layout = Literal["flat", "grey", "image"]


class Classifier(Protocol):
    """What is asked of it."""

    def predict_proba(self, inputs: Any) -> Any:
        """From n inputs to probabilities (n, k)."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        model: "module:attribute" of a fitted classifier.
        input_size: (height, width) in pixels.
        labels: names of the columns; its ``classes_``, if left out.
        layout: how it takes an image in [0, 1]: "flat" h*w*3, "grey" h*w (ITU-R 601 luma), "image" (h, w, 3).
        version: what tells this fit from others: answers are cached under it.
    """

    model: str
    input_size: tuple[int, int]
    labels: tuple[str, ...] | None = None
    layout: Layout = "flat"
    version: str = "1"


@dataclass(frozen=True, slots=True, eq=False)
class PredictProbaOracle:
    """A classifier as an oracle of probabilities.

    Attributes:
        classifier: has ``predict_proba``.
        spec: of its answers; its name must change when the classifier does.
        layout: how it takes images.
    """

    classifier: Classifier
    spec: OracleSpec
    layout: Layout = "flat"

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3), RGB. Any n.

        Raises:
            DataError: the images have the wrong dtype or shape.
            AnswerError: NaN, infinity, not one column per label, or no probabilities.
        """
        check_images(images, self.spec)
        if not len(images):
            return Scores(np.empty((0, len(self.spec.labels)), np.float32), self.spec.answer)
        values = as_float32(self.classifier.predict_proba(self._prepare(images)))
        return check_scores(Scores(values, self.spec.answer), self.spec, len(images))

    def _prepare(self, images: UInt8) -> Float:
        pixels = images.astype(np.float64) / 255
        if self.layout == "grey":
            pixels = pixels @ np.array([0.299, 0.587, 0.114])
        return pixels if self.layout == "image" else pixels.reshape(len(images), -1)


def open_oracle(options: Mapping[str, object]) -> PredictProbaOracle:
    """Return the classifier that a run file names.

    Raises:
        ConfigError: an option that does not fit, or no such classifier.
    """
    chosen = convert(options, Options, where="[oracle]")
    classifier = _find(chosen.model)
    labels = chosen.labels or tuple(str(label) for label in getattr(classifier, "classes_", ()))
    if not labels:
        raise ConfigError(f"{chosen.model} has no classes_; name the columns of predict_proba as [oracle] labels")
    spec = OracleSpec(
        name=f"predict-proba-{chosen.model}-{chosen.layout}@{chosen.version}",
        input_size=chosen.input_size,
        labels=labels,
        answer=Answer.PROBABILITIES,
        max_batch=256,
        usd_per_query=0.0,
    )
    return PredictProbaOracle(classifier, spec, chosen.layout)


def _find(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise ConfigError(f"[oracle] model: expected 'module:attribute' of a fitted classifier, got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"cannot find the classifier {name!r}: {error}; correct [oracle] model") from error
    if not callable(getattr(found, "predict_proba", None)):
        raise ConfigError(f"{name} is a {type(found).__name__} without predict_proba; name a fitted classifier")
    return found
