"""Let a request through when its turn comes, and stop trying when everything fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bbprompt.arrays import UInt8
from bbprompt.errors import OracleError
from bbprompt.oracle import Oracle, OracleSpec, Scores
from bbprompt.wrappers.pace import Pace


@dataclass(slots=True)
class Circuit:
    """Opens when nothing but failures that may have been billed came for a while.

    Attributes:
        in_a_row: so many, of all threads together, open it.
        at_first: so many, where nothing has ever been answered: one repetition tells a hiccup from a mistake.
        answered: whether something has been, also by an earlier process.
    """

    in_a_row: int = 12
    at_first: int = 2
    answered: bool = False
    _failures: int = field(default=0, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def succeeded(self) -> None:
        """Close it."""
        with self._turn:
            self._failures, self.answered = 0, True

    def failed(self, error: OracleError) -> OracleError:
        """Return the error to raise: once open, one that is not tried again. Refusals for free do not count."""
        with self._turn:
            self._failures += error.billed
            most = self.in_a_row if self.answered else self.at_first
            if self._failures < most or not error.retryable:
                return error
            self._failures = 0  # a resumed call begins anew
        return OracleError(
            f"{error}; {most} requests in a row failed, no more are sent; resume later, what was paid for is kept",
            billed=error.billed,
            retry_after_s=error.retry_after_s,
        )


@dataclass(frozen=True, slots=True)
class Lined:
    """Let no more requests be written down than ``pace`` has use for."""

    oracle: Oracle
    pace: Pace

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3), in one request."""
        with self.pace.line():
            return self.oracle.query(images)


@dataclass(frozen=True, slots=True)
class Paced:
    """Ask ``oracle`` at the pace that it bears."""

    oracle: Oracle
    pace: Pace
    circuit: Circuit = field(default_factory=Circuit)

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3), in one request.

        Raises:
            OracleError: it failed; not ``retryable`` once the circuit is open.
        """
        entered, error = self.pace.enter(), None
        try:
            scores = self.oracle.query(images)
        except BaseException as raised:
            error = raised
            if isinstance(raised, OracleError):
                told = self.circuit.failed(raised)
                if told is not raised:
                    raise told from raised
            raise
        finally:
            self.pace.leave(entered, error)
        self.circuit.succeeded()
        return scores
