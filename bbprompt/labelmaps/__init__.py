"""Label maps: from the oracle's labels to the task's classes. One file each, one line in ``LABEL_MAPS`` each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.base import LabelMap
from bbprompt.labelmaps.cross_fit import CrossFit
from bbprompt.labelmaps.frequency import Frequency, Iterative
from bbprompt.labelmaps.given import Given
from bbprompt.labelmaps.identity import Identity
from bbprompt.labelmaps.linear import Linear
from bbprompt.labelmaps.random_ import Random
from bbprompt.names import look_up
from bbprompt.oracle import OracleSpec, Scores

LABEL_MAPS: dict[str, type[LabelMap]] = {
    "identity": Identity,
    "given": Given,
    "random": Random,
    "frequency": Frequency,
    "iterative": Iterative,
    "linear": Linear,
}


def fit_label_map(
    name: str,
    scores: Scores,
    targets: Int,
    *,
    spec: OracleSpec,
    classes: tuple[str, ...],
    rng: np.random.Generator,
    pairs: Mapping[str, str | int] | None = None,
) -> LabelMap:
    """Fit the map called ``name`` from answers (n, k) and targets (n,) in 0..len(classes)-1.

    Args:
        name: a key of ``LABEL_MAPS``.
        scores: the oracle's answers.
        targets: int64, shape (n,): class numbers.
        spec: of the oracle that answered.
        classes: the task's class names.
        rng: drawn from by maps that need chance; same state, same map.
        pairs: for ``given`` only: for each class, the name of an oracle label, or its number from 0.

    Raises:
        ConfigError: unknown name, answers that say too little, too few labels, or pairs that do not fit.
        DataError: a class without an image, targets out of range, wrong shapes.
    """
    chosen = look_up("label map", name, LABEL_MAPS)
    if chosen is Given:
        return Given.fit(scores, targets, spec=spec, classes=classes, rng=rng, pairs=pairs)
    if pairs:
        raise ConfigError(
            f"pairs belong to the label map 'given', got the map {name!r}; drop the pairs or change the map"
        )
    return chosen.fit(scores, targets, spec=spec, classes=classes, rng=rng)


def cross_fit_label_map(
    name: str,
    scores: Scores,
    targets: Int,
    *,
    spec: OracleSpec,
    classes: tuple[str, ...],
    rng: np.random.Generator,
    pairs: Mapping[str, str | int] | None = None,
) -> CrossFit:
    """Fit as ``fit_label_map`` does; a map with many parameters comes with its cross-fitted parts.

    Raises:
        ConfigError, DataError: as ``fit_label_map``.
    """
    if look_up("label map", name, LABEL_MAPS) is Linear and not pairs:
        return Linear.cross_fit(scores, targets, spec=spec, classes=classes)
    whole = fit_label_map(name, scores, targets, spec=spec, classes=classes, rng=rng, pairs=pairs)
    return CrossFit(whole, (whole,), np.zeros(len(targets), dtype=np.int64))


def load_label_map(state: dict[str, Any]) -> LabelMap:
    """Rebuild a map from its ``state()``: the same map, to the last bit.

    Raises:
        ConfigError: an unknown map, or a damaged state.
    """
    try:
        return look_up("label map", state["name"], LABEL_MAPS).from_state(state)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"this is not a label map's state ({error!r}); fit the label map again") from error


__all__ = ["LABEL_MAPS", "CrossFit", "LabelMap", "cross_fit_label_map", "fit_label_map", "load_label_map"]
