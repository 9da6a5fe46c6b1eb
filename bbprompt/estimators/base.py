"""What every estimator is: ask/tell search over theta that sees losses only. numpy in, numpy out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bbprompt.arrays import Float, Int


@dataclass(frozen=True, slots=True)
class Candidates:
    """What an estimator wants to know.

    Attributes:
        thetas: float64, shape (m, d).
        groups: int64, shape (m,), numbers from 0. Candidates of one group are scored on the same images; each
            group gets fresh ones. All zero is one shared minibatch; pairs share theirs in antithetic methods.
    """

    thetas: Float
    groups: Int


class Estimator(Protocol):
    """A search over theta. Built as ``Method(theta, rng=..., **options)``, theta of shape (d,).

    theta is in units of the full pixel range; options that end in ``_levels`` are in grey levels (1/255).
    Same start, same generator and same losses: same candidates, bit for bit, also after ``load_state_dict``.
    A loss that is not finite ranks worst, or says nothing; it never reaches theta.
    """

    images_per_candidate: int
    """How many images each candidate should be scored on, as the method's paper or trials suggest."""

    def ask(self) -> Candidates:
        """Return the next candidates to score. Asking again before ``tell`` returns the same ones."""

    def tell(self, losses: Float) -> None:
        """Take the candidates' mean losses, float64, shape (m,), in the order asked."""

    @property
    def best(self) -> Float:
        """The iterate to deploy, float64, shape (d,)."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs, the generator's state included: JSON types and numpy arrays."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
