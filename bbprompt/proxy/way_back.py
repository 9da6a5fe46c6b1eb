"""From the upstream's answer to the client's: as it came, or with the task's classes in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import anyio.to_thread

from bbprompt.http_library import httpx
from bbprompt.proxy.bodies import is_json
from bbprompt.proxy.dialect import Dialect, Message, Refusal, Relabel
from bbprompt.proxy.headers import ABOUT_THE_OLD_BODY, going_on
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    from starlette.background import BackgroundTask
    from starlette.exceptions import HTTPException
    from starlette.responses import Response, StreamingResponse


@dataclass(frozen=True, slots=True)
class WayBack:
    """What becomes of answers.

    Attributes:
        upstream: its address.
        dialect: reads and writes answers.
        relabel: ``None`` where they go back as they are, and are not kept in memory.
        max_bytes: of an answer that is mapped.
    """

    upstream: str
    dialect: Dialect
    relabel: Relabel | None
    max_bytes: int

    async def __call__(self, answer: httpx.Response, *, home: str) -> Response:
        """Return the client's answer; ``home`` is the proxy's address, as the client knows it.

        Raises:
            HTTPException: it leads around the prompt, is too large, or cannot be mapped.
        """
        if answer.has_redirect_location:
            raise HTTPException(
                502, "the upstream redirects, around the prompt; start the proxy with its last address"
            )
        if self.relabel is None or not answer.is_success:
            headers = going_on(answer.headers.multi_items())
            closing = BackgroundTask(answer.aclose)
            return _with(StreamingResponse(answer.aiter_raw(), answer.status_code, background=closing), headers)
        mapped = await self._mapped(answer, self.relabel)
        content = self._homewards(mapped, home)
        headers = [*mapped.headers.items(), ("content-length", str(len(content)))]
        return _with(Response(content, answer.status_code), headers)

    async def _mapped(self, answer: httpx.Response, relabel: Relabel) -> Message:
        content = await self._whole(answer)
        headers = going_on(answer.headers.multi_items(), drop=ABOUT_THE_OLD_BODY | {"content-encoding"})
        work = partial(self.dialect.relabel, Message(content, dict(headers)), relabel)
        try:
            return await anyio.to_thread.run_sync(work)
        except Refusal as refusal:
            raise HTTPException(502, f"the upstream's answer cannot be mapped: {refusal}") from refusal

    async def _whole(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > self.max_bytes:
                raise HTTPException(502, f"the upstream answered more than {self.max_bytes} bytes")
        await answer.aclose()
        return bytes(content)

    def _homewards(self, mapped: Message, home: str) -> bytes:
        """What a mapped answer says to fetch next is fetched through the proxy, or it would not be mapped."""
        if not is_json(mapped):
            return mapped.content
        return mapped.content.replace(f"{self.upstream.rstrip('/')}/".encode(), home.encode())


def _with(response: Response, headers: list[tuple[str, str]]) -> Response:
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return response
