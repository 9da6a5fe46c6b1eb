"""The requests that bbprompt sends for images, without a server that has to answer all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bbprompt.arrays import UInt8
from bbprompt_adapters.declarative.files import vendor_names
from bbprompt_adapters.declarative.opening import open_file, open_vendor
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.client import open_oracle as open_inference


class Recording(httpx.BaseTransport):
    """Keeps requests; the first goes out, and its answer is given to all."""

    def __init__(self) -> None:
        self._network = httpx.HTTPTransport()
        self._answer: tuple[int, httpx.Headers, bytes] | None = None
        self.kept: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return self._network.handle_request(request)
        self.kept.append(request)
        if self._answer is None:
            answer = self._network.handle_request(request)
            # As it came: the headers may say that it is compressed.
            self._answer = (answer.status_code, answer.headers, b"".join(answer.iter_raw()))
            answer.close()
        status, headers, content = self._answer
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))

    def close(self) -> None:
        self._network.close()


class Recorder:
    """An adapter whose requests are kept."""

    def __init__(self, adapter: str, options: Mapping[str, object]) -> None:
        """Open it; both are as for ``bbprompt.registry.open_oracle``."""
        self._recording = Recording()
        self._oracle = _opened(adapter, options, self._recording)

    def close(self) -> None:
        """Close the connection."""
        self._oracle.close()

    def requests(self, images: UInt8) -> list[httpx.Request]:
        """Return the requests for n images, uint8 (n, h, w, 3); n is a multiple of the oracle's ``max_batch``."""
        kept = self._recording.kept = []
        size = self._oracle.spec.max_batch
        for start in range(0, len(images), size):
            self._oracle.query(images[start : start + size])
        return kept


def _opened(adapter: str, options: Mapping[str, object], network: httpx.BaseTransport) -> Any:
    if adapter == "open-inference":
        return open_inference(options, transport=network)
    if adapter in vendor_names():
        return open_vendor(adapter, options, transport=network)
    return open_file(adapter, options, transport=network)
