"""A service that is not there: what a ledger holds of it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted, OracleError, UsageError
from bbprompt.ledger import Ledger
from bbprompt.oracle import OracleSpec, Scores


@dataclass(frozen=True, slots=True)
class Replayed:
    """Refuses every query: behind a ledger that holds all answers none comes.

    Attributes:
        spec: of the oracle that was asked once.
        ended: whether the run that asked it ended with its budget, and so where the ledger ends.
    """

    spec: OracleSpec
    ended: bool = False

    def query(self, images: UInt8) -> Scores:
        """Refuse.

        Raises:
            BudgetExhausted: the run that is replayed asked for no more either.
            OracleError: it cannot have asked for this; nothing was sent.
        """
        if self.ended:
            raise BudgetExhausted("the budget of the run that is replayed ended here")
        raise OracleError(
            f"the ledger holds no answer of {self.spec.name} to {len(images)} images that the run asks for; "
            "replay it with the run file that it was made with, or run it for real",
            billed=False,
        )


def encode_spec(spec: OracleSpec) -> str:
    """Return a spec as JSON."""
    return msgspec.json.encode(spec).decode()


def read_replayed(path: Path, *, ended: bool = False) -> Replayed:
    """Return the oracle that a ledger's answers are of.

    Args:
        path: of the ledger.
        ended: see ``Replayed``.

    Raises:
        UsageError: no ledger, or one without an oracle, with several, or written before they were described.
    """
    if not path.is_file():
        raise UsageError(f"no ledger at {path}; give the folder of a run that was paid for")
    with Ledger.open_to_read(path) as ledger:
        specs = ledger.described()
    if len(specs) != 1:
        raise UsageError(f"{path} describes {len(specs)} oracles, expected 1; it cannot be replayed")
    return Replayed(msgspec.json.decode(specs[0], type=OracleSpec), ended)
