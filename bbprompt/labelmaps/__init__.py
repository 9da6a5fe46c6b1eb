"""Label maps: from the oracle's labels to the task's classes. One file each, one line in ``LABEL_MAPS`` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError
from bbprompt.labelmaps.base import LabelMap
from bbprompt.labelmaps.bayesian import Bayesian, BayesianPlus
from bbprompt.labelmaps.checks import check_classes
from bbprompt.labelmaps.cross_fit import CrossFit
from bbprompt.labelmaps.frequency import Frequency, Iterative
from bbprompt.labelmaps.given import Given
from bbprompt.labelmaps.identity import Identity
from bbprompt.labelmaps.linear import Linear
from bbprompt.labelmaps.mean import Mean
from bbprompt.labelmaps.random_ import Random
from bbprompt.labelmaps.semantic import Semantic, Swapped, TextEncoder
from bbprompt.names import look_up
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.rounded import raised_zero

LABEL_MAPS: dict[str, type[LabelMap]] = {
    "identity": Identity,
    "given": Given,
    "random": Random,
    "semantic": Semantic,
    "swapped": Swapped,
    "frequency": Frequency,
    "iterative": Iterative,
    "mean": Mean,
    "bayesian": Bayesian,
    "bayesian+": BayesianPlus,
    "linear": Linear,
}

OPTIONS: dict[str, tuple[type[LabelMap], ...]] = {
    "pairs": (Given,),
    "text": (Semantic, Swapped),
    "sources": (Mean,),
}
"""Which maps take which option of their own."""


def fit_label_map(
    name: str,
    scores: Scores,
    targets: Int,
    *,
    spec: OracleSpec,
    classes: tuple[str, ...],
    rng: np.random.Generator,
    pairs: Mapping[str, str | int] | None = None,
    text: TextEncoder | None = None,
    sources: int | None = None,
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
        text: for ``semantic`` and ``swapped`` only: embeds names.
        sources: for ``mean`` only: labels per class.

    Raises:
        ConfigError: unknown name, answers that say too little, too few labels, or an option that does not fit.
        DataError: a class without an image, targets out of range, wrong shapes.
    """
    chosen = look_up("label map", name, LABEL_MAPS)
    options = _options(chosen, pairs=pairs or None, text=text, sources=sources)
    fit: Callable[..., LabelMap] = chosen.fit
    return fit(scores, targets, spec=spec, classes=classes, rng=rng, **options)


def check_label_map(
    name: str,
    answer: Answer,
    *,
    spec: OracleSpec,
    classes: tuple[str, ...],
    pairs: Mapping[str, str | int] | None = None,
    text: TextEncoder | None = None,
    sources: int | None = None,
) -> None:
    """Refuse a map that ``fit_label_map`` could not fit to any answers of this kind; none are needed for that.

    Raises:
        ConfigError: as ``fit_label_map``.
    """
    chosen = look_up("label map", name, LABEL_MAPS)
    options = _options(chosen, pairs=pairs or None, text=text, sources=sources)
    check_classes(classes)
    check: Callable[..., None] = chosen.check
    check(answer, spec=spec, classes=classes, **options)


def _options(chosen: type[LabelMap], **asked: object) -> dict[str, Any]:
    """Those that were given, all of them the map's own."""
    options = {option: value for option, value in asked.items() if value is not None}
    for option in options:
        if chosen not in OPTIONS[option]:
            owners = " and ".join(repr(owner.name) for owner in OPTIONS[option])
            raise ConfigError(
                f"{option} belong to the label map {owners}, got the map {chosen.name!r}; drop them or change it"
            )
    return options


def cross_fit_label_map(
    name: str,
    scores: Scores,
    targets: Int,
    *,
    spec: OracleSpec,
    classes: tuple[str, ...],
    rng: np.random.Generator,
    pairs: Mapping[str, str | int] | None = None,
    text: TextEncoder | None = None,
    sources: int | None = None,
) -> CrossFit:
    """Fit as ``fit_label_map`` does; a map with many parameters comes with its cross-fitted parts.

    Raises:
        ConfigError, DataError: as ``fit_label_map``.
    """
    if look_up("label map", name, LABEL_MAPS) is Linear and not pairs and text is None and sources is None:
        return Linear.cross_fit(scores, targets, spec=spec, classes=classes)
    whole = fit_label_map(
        name, scores, targets, spec=spec, classes=classes, rng=rng, pairs=pairs, text=text, sources=sources
    )
    unfolded = np.zeros(len(targets), dtype=np.int64)
    return CrossFit(whole, (whole,), unfolded, scores, targets, floor=raised_zero(scores))


def load_label_map(state: dict[str, Any]) -> LabelMap:
    """Rebuild a map from its ``state()``: the same map, to the last bit.

    Raises:
        ConfigError: an unknown map, or a damaged state.
    """
    try:
        return look_up("label map", state["name"], LABEL_MAPS).from_state(state)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"this is not a label map's state ({error!r}); fit the label map again") from error


__all__ = [
    "LABEL_MAPS",
    "CrossFit",
    "LabelMap",
    "TextEncoder",
    "check_label_map",
    "cross_fit_label_map",
    "fit_label_map",
    "load_label_map",
]
