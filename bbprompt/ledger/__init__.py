"""What was paid for, on disk before it is used: budget, spending and answers of one run in one SQLite file.

with Ledger.open(folder / "ledger.sqlite", budget=Budget(queries=10_000, usd=15.0)) as ledger:
    oracle = paid(oracle, ledger)
"""

from bbprompt.ledger.keys import image_key, repeat_key
from bbprompt.ledger.ledger import Ledger, Stored
from bbprompt.ledger.money import Aside, Budget, Charge, Spending
from bbprompt.ledger.reading import may_write
from bbprompt.ledger.rows import Reservation

__all__ = [
    "Aside",
    "Budget",
    "Charge",
    "Ledger",
    "Reservation",
    "Spending",
    "Stored",
    "image_key",
    "may_write",
    "repeat_key",
]
