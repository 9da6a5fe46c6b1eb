"""Answers that come later: look again until they are there, or read them from a stream of events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bbprompt.errors import AnswerError, OracleError
from bbprompt.wrappers.halt import current_halt
from bbprompt_adapters.declarative.answer import show
from bbprompt_adapters.declarative.paths import Path, optional_path
from bbprompt_adapters.declarative.schema import Poll
from bbprompt_adapters.declarative.template import fill_url
from bbprompt_adapters.declarative.verdict import Unanswered, Verdict, no_answer
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.http.transport import Reply, Transport


@dataclass(frozen=True, slots=True)
class Poller:
    """Fetches what a first answer promised, as an adapter's ``[poll]`` says."""

    settings: Poll
    transport: Transport
    verdict: Verdict
    values: Mapping[str, Any]
    url_path: Path | None
    id: Path | None
    pending: Path | None

    def __call__(self, body: Any, *, max_bytes: int) -> Any:
        """Return the answer that ``body`` leads to.

        Raises:
            OracleError: it failed, or did not come in time. The request itself may have been billed.
        """
        if self.settings.stream:
            return self._stream(self._url(body), max_bytes)
        ends = time.monotonic() + self.settings.within_s
        while self.pending is not None and self.pending(body):
            if time.monotonic() > ends:
                raise OracleError(
                    f"{self.transport.url} had no answer within {self.settings.within_s:g} s", retryable=True
                )
            current_halt().sleep(self.settings.every_s)
            body = self._look(self._url(body), body, max_bytes)
        return body

    def _look(self, url: str, before: Any, max_bytes: int) -> Any:
        """What was paid for is not given up because one look failed: look again."""
        try:
            return self.verdict.started(self.transport.send("GET", url, max_bytes=max_bytes))
        except OracleError as error:
            if not error.retryable:
                raise
            return before

    def _stream(self, url: str, max_bytes: int) -> Any:
        try:
            reply = self.transport.send("GET", url, max_bytes=max_bytes)
            if not reply.is_success:
                self.verdict.started(reply)
        except Unanswered:
            raise
        except OracleError as error:
            raise _paid(error) from error
        return self._last(reply)

    def _last(self, reply: Reply) -> Any:
        for event, data in events(reply.content.decode("utf-8", "replace")):
            if event == self.settings.failed:
                words = self.transport.clean(data)
                raise OracleError(f"{self.transport.url} failed: {words or 'no reason given'}", retryable=True)
            if event == self.settings.done:
                return self.verdict.read(data.encode())
        raise AnswerError(f"{self.transport.url} ended its stream without an answer", retryable=True)

    def _url(self, body: Any) -> str:
        with self.transport.reading(body):
            if self.url_path is not None:
                return self._same_host(self.url_path(body))
            found = self.id(body) if self.id else ""
            if not isinstance(found, str | int):
                raise no_answer(self.transport, body)
            return fill_url(self.settings.url, {**self.values, "id": found})

    def _same_host(self, url: object) -> str:
        """The key goes with the request, so no answer may send it elsewhere."""
        try:
            there, here = httpx.URL(str(url)), httpx.URL(self.transport.url)
        except httpx.InvalidURL as error:
            raise AnswerError(f"{self.transport.url} answered {show(url)}, which is no URL") from error
        if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
            raise AnswerError(f"{self.transport.url} answered {show(url)}, which is on another host; not followed")
        return str(there)


def make_poller(settings: Poll, transport: Transport, verdict: Verdict, values: Mapping[str, Any]) -> Poller:
    """Return the poller of ``[poll]``."""
    paths = (optional_path(getattr(settings, key), where=f"[poll] {key}") for key in ("url_path", "id", "pending"))
    return Poller(settings, transport, verdict, values, *paths)


def events(text: str) -> Iterator[tuple[str, str]]:
    """Return the events of a stream, each with its name and data.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """
    name, data = "message", list[str]()
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []


def _paid(error: OracleError) -> OracleError:
    """The look itself cost nothing; the request before it may have."""
    return OracleError(str(error), billed=True, retryable=error.retryable, retry_after_s=error.retry_after_s)
