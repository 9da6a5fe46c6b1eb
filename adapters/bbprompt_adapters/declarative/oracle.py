"""An HTTP classifier, described by a file, as an oracle."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from typing import Any, Protocol

import numpy as np

from bbprompt.arrays import Float32, UInt8
from bbprompt.errors import OracleError, UsageError
from bbprompt.oracle import OracleSpec, Scores, check_request, check_scores
from bbprompt_adapters.declarative.answer import Items
from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.message import Composer, Message
from bbprompt_adapters.declarative.poll import Poller
from bbprompt_adapters.declarative.price import Tariff
from bbprompt_adapters.declarative.verdict import Unanswered, Verdict
from bbprompt_adapters.http.transport import Reply, Transport

BYTES_PER_LABEL = 500
SMALLEST_LIMIT = 1_000_000


class Rows(Protocol):
    """Reads one row of scores per item."""

    def rows(self, items: list[Any]) -> Float32:
        """Return float32 (n, k)."""


class DeclarativeOracle:
    """One model of one service. One query is one request; safe to query from ``spec.max_in_flight`` threads."""

    def __init__(
        self,
        spec: OracleSpec,
        transport: Transport,
        *,
        encode: Encoder,
        compose: Composer,
        verdict: Verdict,
        poll: Poller | None,
        items: Items,
        reader: Rows,
        tariff: Tariff,
        blank: float,
    ) -> None:
        """Hold the parts; ``opening`` is what makes one of these."""
        self.spec = spec
        self._transport, self._encode, self._compose = transport, encode, compose
        self._verdict, self._poll = verdict, poll
        self._items, self._reader, self._tariff, self._blank = items, reader, tariff, blank
        self._max_bytes = SMALLEST_LIMIT + BYTES_PER_LABEL * len(spec.labels) * spec.max_batch
        self.close = weakref.finalize(self, transport.close)

    def query(self, images: UInt8) -> Scores:
        """Score n images in one request: uint8, shape (n, h, w, 3), RGB, n up to ``spec.max_batch``.

        Raises:
            DataError: the images have the wrong dtype or shape, or are too many. Nothing was sent.
            OracleError: the request failed; the error says whether it may have been billed.
            AnswerError: the answer is no usable scores.
        """
        check_request(images, self.spec)
        encoded = [self._encode(image) for image in images]
        started = time.perf_counter()
        try:
            reply, body = self._ask(self._compose(encoded))
        except Unanswered as refusal:
            return self._no_label(refusal, len(images))
        usd = self._tariff.cost(body, seconds=time.perf_counter() - started)
        with self._transport.reading(body):
            items = self._items(body, len(images))
            answered = self._verdict.answered(reply, items)
            values = self._blanks(len(images))
            if any(answered):
                with _sent():
                    values[answered] = self._reader.rows(list(compress(items, answered)))
            return check_scores(Scores(values, self.spec.answer, usd), self.spec, len(images))

    def _no_label(self, refusal: Unanswered, n: int) -> Scores:
        if n > 1:
            raise OracleError(
                f"{refusal}; which of {n} images it will not score is not said: set [oracle] max_batch = 1, and resume",
                billed=refusal.billed,
            ) from refusal
        return Scores(self._blanks(n), self.spec.answer, usd=None if refusal.billed else 0.0)

    def _blanks(self, n: int) -> Float32:
        return np.full((n, len(self.spec.labels)), self._blank, np.float32)

    def _ask(self, message: Message) -> tuple[Reply, Any]:
        reply = self._transport.send(
            message.method,
            message.url,
            params=message.params,
            headers=message.headers,
            content=message.content,
            max_bytes=self._max_bytes,
        )
        if self._poll is None:
            return reply, self._verdict.body(reply)
        # What is still under way is no success yet, so only the end of it is judged by its body.
        first = self._verdict.started(reply)
        with _sent():
            last = self._poll(first, max_bytes=self._max_bytes)
        return reply, self._verdict.check(reply, last)


@contextmanager
def _sent() -> Iterator[None]:
    """Ask for more within, after a request that may have been billed: a failure says so, whatever it says of itself."""
    try:
        yield
    except UsageError as error:
        raise OracleError(str(error)) from error
    except OracleError as error:
        error.billed = True
        raise
