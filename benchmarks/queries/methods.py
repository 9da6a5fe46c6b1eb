"""The rows of the table: one line per method. A paper's own settings and tuned ones are two lines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import RESULTS
from benchmarks.queries.method import Method
from benchmarks.queries.parts import AUTO, PARTS
from benchmarks.queries.prompts import BAR_FRAME, BAR_SHARE, COARSE, DCT, VP_FRAME, VP_SHARE

NO_PROMPT = "no-prompt"
GRADIENT = "gradient"
REFERENCES = (NO_PROMPT, GRADIENT)
"""Floor and ceiling of the recovered gain; both are always measured."""

AS_PUBLISHED: dict[str, Method] = {
    NO_PROMPT: Method(NO_PROMPT),
    GRADIENT: Method("gradient", {"optimiser": "adam", "batch_size": 16}, looks=10),
    "auto": AUTO,
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
METHODS = AS_PUBLISHED | PARTS | tuned(read_tuning(TUNING_FILE))
