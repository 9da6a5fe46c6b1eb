"""A service that cannot be paid, because its answers could not be written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bbprompt.arrays import UInt8
from bbprompt.errors import UsageError
from bbprompt.oracle import OracleSpec, Scores


@dataclass(frozen=True, slots=True)
class Held:
    """Refuses every query: behind a ledger that may only be read, what it lacks cannot be had.

    Attributes:
        spec: of the oracle that was asked once.
        ledger: its file.
    """

    spec: OracleSpec
    ledger: Path

    def query(self, images: UInt8) -> Scores:
        """Refuse.

        Raises:
            UsageError: always; nothing was sent.
        """
        raise UsageError(
            f"{self.ledger} may only be read, and holds no answer to {len(images)} of the images; make the file and its "
            "folder writable, or copy the folder to where it can be written"
        )
