"""From the upstream's answer to the client's: as it came, or with the task's classes in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from bbprompt.proxy.bodies import is_json
from bbprompt.proxy.dialect import Dialect, Message, Refusal, Relabel
from bbprompt.proxy.encodings import decoded
from bbprompt.proxy.headers import ABOUT_THE_OLD_BODY, going_on
from bbprompt.proxy.upstream import Answer
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    from starlette.background import BackgroundTask
    from starlette.exceptions import HTTPException
    from starlette.responses import Response, StreamingResponse

SUCCESS = range(200, 300)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class WayBack:
    """What becomes of answers.

    Attributes:
        upstream: its address.
        dialect: reads and writes answers.
        relabel: ``None`` where they go back as they are, and are not kept in memory.
        workers: on which answers are mapped.
        max_bytes: of an answer that is mapped.
    """

    upstream: str
    dialect: Dialect
    relabel: Relabel | None
    workers: Executor
    max_bytes: int

    async def __call__(self, answer: Answer, *, home: Callable[[], str]) -> Response:
        """Return the client's answer; ``home`` gives the proxy's address, as the client knows it.

        Raises:
            HTTPException: it leads around the prompt, is too large, or cannot be mapped.
        """
        if answer.status in REDIRECTS and any(name.lower() == "location" for name, _ in answer.headers):
            raise HTTPException(
                502, "the upstream redirects, around the prompt; start the proxy with its last address"
            )
        if self.relabel is None or answer.status not in SUCCESS:
            return await _as_it_came(answer)
        mapped = await self._mapped(answer, self.relabel)
        content = self._homewards(mapped, home)
        headers = [*mapped.headers.items(), ("content-length", str(len(content)))]
        return _with(Response(content, answer.status), headers)

    async def _mapped(self, answer: Answer, relabel: Relabel) -> Message:
        content = await self._whole(answer)
        headers = dict(going_on(answer.headers, drop=ABOUT_THE_OLD_BODY))
        encoding = headers.pop("content-encoding", "identity")

        def work() -> Message:
            plain = decoded(content, encoding, max_bytes=self.max_bytes)
            return self.dialect.relabel(Message(plain, headers), relabel)

        try:
            return await asyncio.get_running_loop().run_in_executor(self.workers, work)
        except Refusal as refusal:
            raise HTTPException(502, f"the upstream's answer cannot be mapped: {refusal}") from refusal

    async def _whole(self, answer: Answer) -> bytes:
        content = bytearray()
        async for part in answer.parts:
            content += part
            if len(content) > self.max_bytes:
                raise HTTPException(502, f"the upstream answered more than {self.max_bytes} bytes")
        return bytes(content)

    def _homewards(self, mapped: Message, home: Callable[[], str]) -> bytes:
        """What a mapped answer says to fetch next is fetched through the proxy, or it would not be mapped."""
        if not is_json(mapped):
            return mapped.content
        return mapped.content.replace(f"{self.upstream.rstrip('/')}/".encode(), home().encode())


async def _as_it_came(answer: Answer) -> Response:
    headers = going_on(answer.headers)
    if answer.is_here:
        return _with(Response(b"".join([part async for part in answer.parts]), answer.status), headers)
    closing = BackgroundTask(answer.close)
    return _with(StreamingResponse(answer.parts, answer.status, background=closing), headers)


def _with(response: Response, headers: list[tuple[str, str]]) -> Response:
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return response
