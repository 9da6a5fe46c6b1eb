"""The one interface that every method queries through: each image counts, and none passes the budget."""

from __future__ import annotations

from dataclasses import dataclass

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted
from bbprompt.oracle import Oracle, OracleSpec, Scores, check_images, check_scores


@dataclass(slots=True)
class Counted:
    """Answers of ``oracle``, and nothing else of it: no gradient, no weights.

    Attributes:
        budget: the most images that may have been scored in all; it may be raised between queries.
        spent: images scored so far. The same image twice counts twice.
    """

    oracle: Oracle
    budget: int
    spent: int = 0

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3).

        Raises:
            BudgetExhausted: they do not fit; none of them was scored.
        """
        check_images(images, self.spec)
        if self.spent + len(images) > self.budget:
            raise BudgetExhausted(
                f"{len(images)} images do not fit, {self.spent} of {self.budget} queries are spent; plan within them"
            )
        self.spent += len(images)
        return check_scores(self.oracle.query(images), self.spec, len(images))
