"""Answer from the ledger what it holds; ask only for the rest.

A resumed run gets the same bits as one that was never stopped. What the ledger holds is returned as it was paid
for; what it lacks is asked again in the same company, which matters where a model's last bits depend on the batch:
requests are full but for the last, and each is settled whole or not at all, so what a killed call leaves missing is
whole requests, and the misses, kept in order, split into those same requests again.

Of an oracle that varies, an image's second turn is asked anew, and a replay gets the same answers in the same turns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bbprompt.arrays import UInt8
from bbprompt.ledger import Ledger, image_key, repeat_key
from bbprompt.oracle import Oracle, OracleSpec, Scores, check_images
from bbprompt.wrappers.counters import Counters
from bbprompt.wrappers.stored import stored_scores


@dataclass(frozen=True, slots=True)
class Cached:
    """Ask ``oracle``, which settles into the same ``ledger``, once for each image that the ledger does not hold."""

    oracle: Oracle
    ledger: Ledger
    counters: Counters = field(default_factory=Counters, kw_only=True)
    _turns: Counter[bytes] = field(default_factory=Counter, init=False, repr=False, compare=False)

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3), with the answers that the ledger holds in the end.

        Raises:
            DataError: the images have the wrong dtype or shape.
            UsageError: the ledger's answers are of another kind or width than the oracle's.
            OracleError: a query failed. What was answered is in the ledger.
            BudgetExhausted: what is missing does not fit into the budget. What did fit is in the ledger.
        """
        check_images(images, self.spec)
        turns = Counter[bytes]()
        keys = [self._key(image, turns) for image in images]
        held = self.ledger.look_up(self.spec.name, set(keys))
        missing: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if key not in held:
                missing.setdefault(key, row)
        self.counters.add(hits=len(keys) - len(missing))
        if missing:
            self.oracle.query(images if len(missing) == len(images) else images[list(missing.values())])
            held |= self.ledger.look_up(self.spec.name, missing)
        self._turns.update(turns)  # only now: a call that failed is asked again, in the same turn
        return stored_scores([held[key] for key in keys], self.spec)

    def _key(self, image: UInt8, turns: Counter[bytes]) -> bytes:
        """Where answers vary, ``turns`` counts what this call asks."""
        key = image_key(image)
        if not self.spec.varies:
            return key
        turns[key] += 1
        return repeat_key(key, self._turns[key] + turns[key] - 1)
