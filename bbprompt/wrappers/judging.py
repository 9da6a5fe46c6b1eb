"""The oracle of what decides: looks may spend what training has to leave for them."""

from __future__ import annotations

from dataclasses import dataclass

from bbprompt.arrays import UInt8
from bbprompt.ledger import Aside, Ledger
from bbprompt.oracle import Oracle, OracleSpec, Scores


def aside(spec: OracleSpec, *passes: int) -> Aside:
    """What passes over so many images each take, at the oracle's price; the last request of a pass may not be full."""
    return Aside(sum(passes), sum(spec.usd(queries) or 0.0 for queries in passes))


@dataclass(frozen=True, slots=True)
class Judging:
    """The same oracle, with all of the ledger's budget before it but ``aside``.

    Attributes:
        aside: for what comes after training.
    """

    oracle: Oracle
    ledger: Ledger
    aside: Aside

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def hold(self, *passes: int) -> None:
        """From now on, let others spend no more than leaves looks their ``passes``, in images, beside ``aside``."""
        more = aside(self.spec, *passes)
        self.ledger.aside = Aside(self.aside.queries + more.queries, self.aside.usd + more.usd)

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3).

        Raises:
            As the oracle.
        """
        held, self.ledger.aside = self.ledger.aside, self.aside
        try:
            return self.oracle.query(images)
        finally:
            self.ledger.aside = held
