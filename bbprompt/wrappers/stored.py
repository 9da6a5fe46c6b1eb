"""Scores from what the ledger holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bbprompt.errors import UsageError
from bbprompt.ledger import Stored
from bbprompt.oracle import OracleSpec, Scores


def stored_scores(rows: Sequence[Stored], spec: OracleSpec) -> Scores:
    """Return n answers as the scores (n, k) of the oracle that gave them.

    Raises:
        UsageError: they are of another kind or width than the oracle's.
    """
    for row in rows:
        if (row.answer, len(row.values)) != (spec.answer, len(spec.labels)):
            raise UsageError(
                f"the ledger holds {row.answer} of {len(row.values)} labels from {spec.name}, which now gives "
                f"{spec.answer} of {len(spec.labels)}; a changed model needs another name, or another folder"
            )
    values = np.stack([row.values for row in rows]) if rows else np.empty((0, len(spec.labels)), np.float32)
    return Scores(values, spec.answer)
