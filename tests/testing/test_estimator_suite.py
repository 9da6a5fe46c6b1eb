"""The suite for estimators names what is wrong with each broken one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bbprompt.arrays import Float
from bbprompt.estimators import SPSA, Candidates
from bbprompt.testing import ESTIMATOR_CHECKS


class Float32Thetas(SPSA):
    def ask(self) -> Candidates:
        asked = super().ask()
        return Candidates(asked.thetas.astype(np.float32), asked.groups)


class GapInGroups(SPSA):
    def ask(self) -> Candidates:
        asked = super().ask()
        return Candidates(asked.thetas, 1 + asked.groups)


class StartsElsewhere(SPSA):
    @property
    def best(self) -> Float:
        return self.theta + 0.01


class FreshOnEveryAsk(SPSA):
    def ask(self) -> Candidates:
        self.directions = None
        return super().ask()


class HandsOutItself(SPSA):
    @property
    def best(self) -> Float:
        return self.theta


class TakesAnyLosses(SPSA):
    def tell(self, losses: Float) -> None:
        self.ask()
        super().tell(np.resize(losses, 8))


class Uphill(SPSA):
    def tell(self, losses: Float) -> None:
        super().tell(-np.asarray(losses))


class Drifts(SPSA):
    def tell(self, losses: Float) -> None:
        super().tell(losses)
        self.theta[3] += 4e-3


class Stuck(SPSA):
    def tell(self, losses: Float) -> None:
        super().tell(np.zeros_like(losses))


class BelievesBadLosses(SPSA):
    def tell(self, losses: Float) -> None:
        super().tell(np.nan_to_num(losses, nan=0.0, posinf=1e9, neginf=-1e9))


class GlobalGenerator(SPSA):
    def ask(self) -> Candidates:
        np.random.random()  # noqa: NPY002
        return super().ask()


class HashSeeded(SPSA):
    def __init__(self, theta: Float, *, rng: np.random.Generator) -> None:
        super().__init__(theta, rng=np.random.default_rng([hash("name") % 2**32, int(rng.integers(2**32))]))


class ForgetsGenerator(SPSA):
    _STATE = ("theta", "k", "a", "directions")  # type: ignore[assignment]


class ForgetsPending(SPSA):
    _STATE = ("theta", "k", "a", "rng")  # type: ignore[assignment]


class KeepsObjects(SPSA):
    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"rng": self.rng.bit_generator.state}


BROKEN = {
    Float32Thetas: ("candidates", "thetas are float32"),
    GapInGroups: ("candidates", "numbered 0, 1, 2"),
    StartsElsewhere: ("start", "not the start"),
    FreshOnEveryAsk: ("ask-is-idempotent", "asking again"),
    HandsOutItself: ("gives-copies", "writing into"),
    TakesAnyLosses: ("refuses-wrong-losses", "tell before ask was taken"),
    Uphill: ("unbiased", "expected more than 0"),
    Drifts: ("unbiased", "coordinate 3 moves"),
    Stuck: ("converges", "expected less than"),
    BelievesBadLosses: ("survives-bad-losses", "10% bad losses"),
    GlobalGenerator: ("reproducible", "global generator"),
    HashSeeded: ("reproducible-in-another-process", "another process"),
    ForgetsGenerator: ("resumes-exactly", "after 0 steps"),
    ForgetsPending: ("resumes-exactly", "and an ask"),
    KeepsObjects: ("resumes-exactly", "more than 64 bits"),
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_estimator_is_caught(broken: type[SPSA]) -> None:
    check, said = BROKEN[broken]
    with pytest.raises(AssertionError, match=said):
        ESTIMATOR_CHECKS[check](broken)
