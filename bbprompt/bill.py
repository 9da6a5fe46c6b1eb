"""What a ledger's queries cost: one line per oracle, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bbprompt.errors import UsageError
from bbprompt.ledger import Charge, Ledger
from bbprompt.table import money

if TYPE_CHECKING:
    import rich.table

HEADINGS = ("answered", "failed", "pending", "USD")
TOTAL = "all"


def read_bill(path: Path) -> list[Charge]:
    """Return the charges in the ledger at ``path``, and their sum as the last.

    Raises:
        UsageError: there is no ledger, or it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"no ledger at {path}; a run that pays for queries leaves one")
    with Ledger.open_to_read(path) as ledger:
        charges = ledger.bill()
    return [*charges, _sum(charges)]


def bill_table(bill: Sequence[Charge]) -> rich.table.Table:
    """The bill as a table for the terminal; a price that is unknown is said to be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.columns[0].overflow = "fold"
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for charge in bill:
        usd = "unknown" if charge.usd is None else money(charge.usd)
        counts = (f"{n:,}" for n in (charge.answered, charge.failed, charge.pending))
        table.add_row(*map(Text, (charge.oracle, *counts, usd)))
    return table


def _sum(charges: Sequence[Charge]) -> Charge:
    known = [charge.usd for charge in charges if charge.usd is not None]
    return Charge(
        TOTAL,
        sum(charge.answered for charge in charges),
        sum(charge.failed for charge in charges),
        sum(charge.pending for charge in charges),
        usd=sum(known) if len(known) == len(charges) else None,
    )
