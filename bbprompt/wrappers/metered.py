"""Count a query before it is sent; keep its answer before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.errors import AnswerError, BudgetExhausted, OracleError, UsageError
from bbprompt.ledger import Ledger, Reservation, image_key
from bbprompt.oracle import Oracle, OracleSpec, Scores, check_images, check_scores
from bbprompt.wrappers.counters import Counters
from bbprompt.wrappers.halt import Unsent, current_halt
from bbprompt.wrappers.stored import stored_scores

NEVER_SENT = (Unsent, UsageError, BudgetExhausted)
"""What stops a request on this side of the network: a turn that never came, a key that cannot be had, images that do not
fit, a replay that has ended."""

LOOK_S = 0.02
"""Between two looks at whether another one's answer has come."""


@dataclass(frozen=True, slots=True)
class Metered:
    """Reserve, send, settle. One query is one request.

    A request counts as spent unless its error says that it was not sent, or certainly not billed. Whatever interrupts
    it, and an answer that cannot be used, leave it spent and nothing in the cache. What another thread or process has
    just asked for is waited for and not paid again.
    """

    oracle: Oracle
    ledger: Ledger
    counters: Counters = field(default_factory=Counters, kw_only=True)

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3).

        Raises:
            DataError: the images have the wrong dtype or shape. Nothing was sent.
            BudgetExhausted: they do not fit into the budget. Nothing was sent.
            OracleError: the query failed.
            AnswerError: the answer is no usable scores.
        """
        check_images(images, self.spec)
        keys = [image_key(image) for image in images]
        reservation = self._reserve(keys)
        return self._share(images, keys) if reservation is None else self._pay(images, reservation)

    def _reserve(self, keys: Sequence[bytes]) -> Reservation | None:
        spec = self.spec
        reserve = self.ledger.reserve if spec.varies else self.ledger.claim
        return reserve(spec.name, keys, usd_per_query=spec.usd_per_query, usd_per_request=spec.usd_per_request)

    def _pay(self, images: UInt8, reservation: Reservation) -> Scores:
        spec = self.spec
        try:
            scores = self._ask(images)
        except BaseException as error:
            if _unbilled(error):
                self.ledger.release(reservation)
            else:
                self.ledger.fail(reservation)
                self.counters.add(paid=len(images))
            raise
        self.ledger.settle(reservation, scores.values, scores.answer, usd=scores.usd, varies=spec.varies)
        self.counters.add(paid=len(images))
        return scores

    def _share(self, images: UInt8, keys: Sequence[bytes]) -> Scores:
        """Wait for what others have asked for, take what there is then, and ask for the rest."""
        name, halt = self.spec.name, current_halt()
        while self.ledger.under_way(name, keys):
            halt.sleep(LOOK_S)
        held = self.ledger.look_up(name, keys)
        missing = [row for row, key in enumerate(keys) if key not in held]
        self.counters.add(hits=len(keys) - len(missing))
        if missing:
            self.query(images[missing])
            held = self.ledger.look_up(name, keys)
        return stored_scores([held[key] for key in keys], self.spec)

    def _ask(self, images: UInt8) -> Scores:
        spec, scores = self.spec, self.oracle.query(images)
        if scores.answer is not spec.answer:
            raise AnswerError(
                f"{spec.name} answered {scores.answer}, expected {spec.answer}; correct what its adapter declares"
            )
        values = np.asarray(scores.values, dtype=np.float32)
        return check_scores(Scores(values, scores.answer, scores.usd), spec, len(images))


def _unbilled(error: BaseException) -> bool:
    return isinstance(error, NEVER_SENT) or (isinstance(error, OracleError) and not error.billed)
