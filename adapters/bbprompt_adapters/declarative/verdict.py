"""Is an answer one? What a status or a body says about failing, as one ``OracleError``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bbprompt.errors import AnswerError, OracleError
from bbprompt_adapters.declarative.answer import show
from bbprompt_adapters.declarative.paths import Path, optional_path
from bbprompt_adapters.declarative.schema import Code, Errors
from bbprompt_adapters.declarative.unreadable import around_mistake, holds_nan
from bbprompt_adapters.http.transport import TEMPORARY, UNBILLED, Reply, Transport


class Unanswered(OracleError):
    """The service will not score an image, for what it shows. It will not another time, either: that is its answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Tells successes from failures as an adapter's ``[errors]`` says. A body's own code goes before its status."""

    errors: Errors
    transport: Transport
    ok: Path | None
    item: Path | None
    code: Path | None
    message: Path | None
    wait_s: Path | None

    def body(self, reply: Reply) -> Any:
        """Return the body of a success.

        Raises:
            OracleError: it is a failure; the error says whether it may have been billed, and what to do.
        """
        return self.check(reply, self.started(reply))

    def started(self, reply: Reply) -> Any:
        """Return the body of a 2xx, whatever it says.

        Raises:
            OracleError: another status, NaN, or no JSON.
        """
        body = decode(reply.content)
        if not reply.is_success:
            raise self._refusal(reply, body)
        return self._readable(body, reply.content)

    def read(self, content: bytes) -> Any:
        """Return the JSON of an answer.

        Raises:
            AnswerError: it is none. What the model cannot answer is not asked for again; a gateway's page may go away.
        """
        return self._readable(decode(content), content)

    def _readable(self, body: Any, content: bytes) -> Any:
        if body is not msgspec.UNSET:
            return body
        text = self.transport.hide(content.decode("utf-8", "replace"))
        if holds_nan(text):
            raise AnswerError(
                f"{self.transport.url} answered NaN or infinity, expected finite scores; "
                "the model behind it is broken for this input"
            )
        where = self.transport.clean(around_mistake(text))
        raise AnswerError(f"{self.transport.url} answered what is no JSON at {where}", retryable=True)

    def check(self, reply: Reply, body: Any) -> Any:
        """Return ``body`` if it says that all went well; it may be another than the reply's own.

        Raises:
            OracleError: it does not.
        """
        if self.ok is not None and not self.ok(body):
            raise self._refusal(reply, body)
        return body

    def answered(self, reply: Reply, items: Sequence[Any]) -> list[bool]:
        """Return of each item whether it is more than a refusal to score its image.

        Raises:
            OracleError: one is another error.
        """
        answered = [True] * len(items)
        for number, item in enumerate(items):
            if self.item is not None and (found := self.item(item)):
                refusal = self._refusal(reply, found, f"image {number} of {len(items)}: ")
                if not isinstance(refusal, Unanswered):
                    raise refusal
                answered[number] = False
        return answered

    def _refusal(self, reply: Reply, body: Any, prefix: str = "") -> OracleError:
        """A body that is no JSON has no code; its text is the reason."""
        known = body is not msgspec.UNSET
        own = self.code(body) if self.code and known else None
        codes: tuple[Code, ...] = tuple(c for c in (own, reply.status) if isinstance(c, int | str))
        words = self.message(body) if self.message and known else None
        text = words if isinstance(words, str) else reply.content.decode("utf-8", "replace")
        reason = prefix + (f"{own}: {text}" if own is not None else text)
        error = self.transport.refusal(
            reply,
            reason,
            billed=not self._is_unbilled(codes),
            retryable=self._is_retryable(codes, reply.status),
            advice=self._advice(codes),
        )
        if self._is_unanswered(codes):
            return Unanswered(str(error), billed=error.billed)
        if error.retry_after_s is None and self.wait_s and known:
            error.retry_after_s = _seconds(self.wait_s(body))
        return error

    def _advice(self, codes: tuple[Code, ...]) -> str:
        """What a code that nobody knows may mean; a status alone is anybody's mistake."""
        own, status = codes[0], codes[-1]
        if len(codes) == 1 or own in {*self.errors.final, *self.errors.retry} or status in UNBILLED | TEMPORARY:
            return ""
        shown = self.transport.clean(own) if isinstance(own, str) else own
        return f"if it is this one image that it will not score, name {shown!r} in [oracle] unanswered, and resume"

    def _is_unanswered(self, codes: tuple[Code, ...]) -> bool:
        known = (
            code for code in codes if code in {*self.errors.unanswered, *self.errors.final, *self.errors.retry}
        )
        return next(known, None) in self.errors.unanswered

    def _is_retryable(self, codes: tuple[Code, ...], status: int) -> bool:
        """The first code that the file lists decides; else the status."""
        for code in codes:
            if code in self.errors.final:
                return False
            if code in self.errors.retry:
                return True
        return status in TEMPORARY or status >= 500

    def _is_unbilled(self, codes: tuple[Code, ...]) -> bool:
        return any(code in self.errors.unbilled for code in codes) or codes[-1] in UNBILLED


def make_verdict(errors: Errors, transport: Transport) -> Verdict:
    """Return the verdict of ``[errors]``."""
    names = ("ok", "item", "code", "message", "wait_s")
    paths = (optional_path(getattr(errors, name), where=f"[errors] {name}") for name in names)
    return Verdict(errors, transport, *paths)


def decode(content: bytes) -> Any:
    """Return a body's JSON; ``msgspec.UNSET`` if it is none."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.UNSET


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        return None
    return float(value)


def no_answer(transport: Transport, body: object) -> AnswerError:
    """Return the error for a body that lacks what it should lead to."""
    return AnswerError(f"{transport.url} answered {show(body)}, without what the adapter's [poll] looks for")
