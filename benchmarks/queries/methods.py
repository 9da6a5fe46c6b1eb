"""The rows of the table: one line per method. A paper's own settings and tuned ones are two lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import RESULTS

NO_PROMPT = "no-prompt"
GRADIENT = "gradient"
REFERENCES = (NO_PROMPT, GRADIENT)
"""Floor and ceiling of the recovered gain; both are always measured."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one row learns.

    Attributes:
        name: of ``[fit] method`` in a run file.
        options: of that method, as in ``[fit]``.
        prompt: ``[prompt]`` of a run file; the whole image as it is, pixel by pixel, if left out.
        share: size of the template as a share of the image's side, where it has one.
        loss: as in ``[fit]``; answers of labels alone overrule it.
        needs_student: whether it is nothing without a local model; left out where the installed one is the oracle.
        own_answer: whether what it shows is the answer of its local model, and not the oracle's.
        anytime: whether the method goes on from a smaller budget to a larger one. Then it runs once, with a look at
            validation at each stop; else afresh for each budget, which it is told of.
        looks: at validation, of a method that runs afresh, if it takes them evenly spaced.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prompt: Mapping[str, Any] = field(default_factory=dict)
    share: float | None = None
    loss: str = "cross-entropy"
    needs_student: bool = False
    own_answer: bool = False
    anytime: bool = True
    looks: int = 1


LITE0 = "efficientnet-lite0"
RESNET32 = {"adapter": "cifar-resnet", "weights": "{data}/cifar10-resnets/resnet32-d509ac18.th"}
ANY = {"template": "auto"}
"""The image shown as it is, or smaller, as the answers say."""
CELLS = 6
DCT = {"parametrisation": "dct", "cells": CELLS}
"""108 values: the lowest frequencies of each channel."""
COARSE = {"parametrisation": "coarse-grid", "cells": 2}
"""12 values: the colours of four quarters. For optimisers that measure one axis after another."""
VP_FRAME = {"template": "padding"}
VP_SHARE = 30 / 224
"""The frame of VP (Bahng et al. 2022): 30 pixels of 224, 4 of 32."""
BAR_FRAME = {
    "template": "padding", "blend": "over", "shrink": True, "parametrisation": "bounded", "bound_levels": 127.5,
}  # fmt: skip
"""The image shrunk inside a trainable frame, squashed by a tanh."""
BAR_SHARE = 6 / 32
"""Of the side: at 32 pixels the image is shrunk to 20 inside a frame of 1,872 free values."""

AS_PUBLISHED: dict[str, Method] = {
    NO_PROMPT: Method(NO_PROMPT),
    GRADIENT: Method("gradient", {"optimiser": "adam", "batch_size": 16}, looks=10),
    "auto": Method("auto", prompt=ANY, anytime=False, looks=4),
    "auto, no signs": Method("auto", {"signs": False}, prompt=ANY, anytime=False, looks=4),
    "auto, image as it is": Method("auto", anytime=False, looks=4),
    "auto, Lite0 as student": Method("auto", {"student": LITE0}, anytime=False, looks=4, needs_student=True),
    # What a user gains who has a model of the oracle's family at hand; no task's oracle is this one.
    "auto, resnet32 as student": Method(
        "auto", {"student": "local-model", "student_options": RESNET32}, anytime=False, looks=4
    ),
    # Spall 1998: one estimate a step.
    "spsa": Method("spsa", {"pairs": 1}),
    # VP with SPSA-GC, BlackVIP's baseline, as its authors ran it: frame, a, c, beta, batch.
    "spsa-gc": Method("spsa-gc", {"a": 10.0, "c_levels": 2.55}, prompt=VP_FRAME, share=VP_SHARE),
    # BAR: beta .1 and step 10 of the authors who compared it (Oh et al. 2023), whose frame is sigmoid(w); here
    # 1/2 + 1/2 tanh(2 theta) with theta = w / 4, so that lengths are a fourth and steps a sixteenth of theirs.
    "bar": Method(
        "rgf",
        {"directions": 5, "beta": 0.1 / 4, "step_size": 10 / 16, "images_per_candidate": 128},
        prompt=BAR_FRAME,
        share=BAR_SHARE,
        loss="focal",
    ),
    "nes": Method("nes"),
    # BBT: every candidate is scored on all of 16 shots.
    "cma-subspace": Method("cma-subspace", {"images_per_candidate": 160}),
    "sep-cma-dct": Method("sep-cma", prompt=DCT),
    "vkd-cma-dct": Method("vkd-cma", prompt=DCT),
    "nevergrad-cma-dct": Method("nevergrad:CMA", prompt=DCT),
    "nevergrad-diagonal-cma-dct": Method("nevergrad:DiagonalCMA", prompt=DCT),
    "nevergrad-tbpsa-dct": Method("nevergrad:TBPSA", prompt=DCT),
    "scipy-cobyla-coarse": Method("scipy:cobyla", prompt=COARSE),
    "scipy-nelder-mead-coarse": Method("scipy:nelder-mead", prompt=COARSE),
    "random-search": Method("random-search"),
    "guided-es": Method("guided-es", needs_student=True),
    "prgf": Method("prgf", needs_student=True),
    "ares": Method("ares", needs_student=True),
    "ares, own answer": Method("ares", needs_student=True, own_answer=True),
    "antithetic": Method("antithetic"),
    "antithetic-dct": Method("antithetic", prompt=DCT),
}


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a row with other settings; see ``tuning.py``.

    Attributes:
        method: name of the row.
        number: from 0, which is the row as it is published.
        settings: a ``Method``, as plain values.
        accuracies: of the whole system on held-out images: by seed, by budget.
        error: what it failed with.
        seconds: wall time.
    """

    method: str
    number: int
    settings: dict[str, Any]
    accuracies: tuple[tuple[float, ...], ...]
    error: str | None
    seconds: float

    @property
    def score(self) -> float:
        """Mean accuracy; a trial that failed has none."""
        values = [value for by_budget in self.accuracies for value in by_budget]
        return sum(values) / len(values) if values and self.error is None else 0.0


def read_tuning(path: Path) -> list[Trial]:
    """The trials kept at ``path``; none, if there is no such file."""
    if not path.exists():
        return []
    return msgspec.convert(msgspec.json.decode(path.read_bytes())["trials"], list[Trial])


def tuned(trials: Iterable[Trial]) -> dict[str, Method]:
    """The best trial of each row as a row of its own, unless it is the row as it is published."""
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.method not in best or trial.score > best[trial.method].score:
            best[trial.method] = trial
    return {
        f"{name}, tuned": msgspec.convert(trial.settings, Method) for name, trial in best.items() if trial.number
    }


TUNING_FILE = RESULTS / "queries" / "tuning.json"
METHODS = AS_PUBLISHED | tuned(read_tuning(TUNING_FILE))
