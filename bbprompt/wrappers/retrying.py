"""Send again what may go through later: exponential backoff with full jitter, bounded.

Why jitter: Brooker 2015, Exponential Backoff And Jitter,
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity import Retrying as Tenacity

from bbprompt.arrays import UInt8
from bbprompt.errors import OracleError
from bbprompt.oracle import Oracle, OracleSpec, Scores
from bbprompt.wrappers.counters import Counters
from bbprompt.wrappers.halt import current_halt


@dataclass(frozen=True, slots=True)
class Retrying:
    """Repeat a request whose error is ``retryable``, each attempt paid on its own; other errors pass at once.

    Attributes:
        attempts: most requests for one query.
        first_wait_s: upper end of the first wait, in seconds; it doubles from one wait to the next.
        longest_wait_s: the longest wait, in seconds. A service that asks for more gets no further request.
    """

    oracle: Oracle
    counters: Counters = field(default_factory=Counters, kw_only=True)
    attempts: int = field(default=6, kw_only=True)
    first_wait_s: float = field(default=1.0, kw_only=True)
    longest_wait_s: float = field(default=60.0, kw_only=True)

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    def query(self, images: UInt8) -> Scores:
        """Score n images, uint8, shape (n, h, w, 3).

        Raises:
            OracleError: the query failed and waiting does not help, or did not help often enough.
        """
        halt = current_halt()
        attempts = Tenacity(
            retry=retry_if_exception(self._may_help),
            wait=self._wait_s,
            stop=stop_after_attempt(self.attempts) | stop_when_event_set(halt),
            sleep=halt.sleep,
            before_sleep=lambda _: self.counters.add(retries=1),
            reraise=True,
        )
        try:
            return attempts(self.oracle.query, images)
        except OracleError as error:
            if not error.retryable:
                raise
            raise self._given_up(error) from error

    def _may_help(self, error: BaseException) -> bool:
        return isinstance(error, OracleError) and error.retryable and not self._asks_too_long(error)

    def _asks_too_long(self, error: OracleError) -> bool:
        return error.retry_after_s is not None and error.retry_after_s > self.longest_wait_s

    def _wait_s(self, state: RetryCallState) -> float:
        """At least what the service asked for; the jitter keeps requests that failed together apart."""
        backoff = wait_random_exponential(multiplier=self.first_wait_s, max=self.longest_wait_s)(state)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, OracleError) else None
        return max(backoff, asked or 0.0)

    def _given_up(self, error: OracleError) -> OracleError:
        why = f"gave up after {self.attempts} attempts"
        if self._asks_too_long(error):
            why = f"it asks to wait {error.retry_after_s:.0f} s, at most {self.longest_wait_s:.0f} s are waited"
        return OracleError(
            f"{error}; {why}; resume later, what was paid for is kept",
            billed=error.billed,
            retryable=True,
            retry_after_s=error.retry_after_s,
        )
