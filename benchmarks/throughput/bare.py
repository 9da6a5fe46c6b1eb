"""The bare loop: threads with one client, which send requests that are ready, and read the answers' bytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bbprompt_adapters.http.library import httpx

TIMEOUT_S = 60.0
BUSY = 409
"""What Cog says for a moment after each answer. Who sends at once is told so, and sends again at once."""


class Bare:
    """So many threads, each sending the next request until none is left."""

    def __init__(self, in_flight: int) -> None:
        limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
        self._client = httpx.Client(limits=limits, timeout=TIMEOUT_S, trust_env=False)
        self._in_flight = in_flight

    def close(self) -> None:
        self._client.close()

    def send(self, requests: Sequence[httpx.Request]) -> None:
        """Send all and read the answers."""
        remaining, turn = iter(requests), threading.Lock()

        def work(_: int) -> None:
            while True:
                with turn:
                    request = next(remaining, None)
                if request is None:
                    return
                self._post(request)

        with ThreadPoolExecutor(self._in_flight) as pool:
            list(pool.map(work, range(self._in_flight)))

    def _post(self, request: httpx.Request) -> None:
        status = BUSY
        while status == BUSY:
            answer = self._client.post(request.url, content=request.content, headers=dict(request.headers))
            status = answer.status_code
        answer.raise_for_status()
