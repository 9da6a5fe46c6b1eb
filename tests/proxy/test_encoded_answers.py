"""Answers that are compressed although the proxy asks for none such."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest

from bbprompt.http_library import httpx
from bbprompt.proxy.app import Limits
from bbprompt_adapters.open_inference.tensors import Tensor, to_wire
from tests.proxy.conftest import Upstream
from tests.proxy.test_open_inference import INFER, images, request

SCORES, _ = to_wire(Tensor("scores", np.array([[0.2, 0.3, 0.5]], np.float32)), binary=False)
PLAIN = msgspec.json.encode({"outputs": [SCORES]})
LIMIT = 10_000


def ask(start: Any, upstream: Upstream, content: bytes, encoding: str) -> httpx.Response:
    """The proxy's answer, where the upstream's is ``content``."""
    upstream.answer = lambda _: httpx.Response(
        200, headers={"content-encoding": encoding}, stream=httpx.ByteStream(content)
    )
    proxy = start(
        "open-inference", relabels=True, options={"answer": "probabilities"}, limits=Limits(max_bytes=LIMIT)
    )
    answer: httpx.Response = proxy("POST", INFER, **request([Tensor("image", images(1))], binary=True))
    return answer


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("GZip", gzip.compress(PLAIN, mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
    ],
)
def test_it_is_mapped_all_the_same(start: Any, upstream: Upstream, encoding: str, content: bytes) -> None:
    answer = ask(start, upstream, content, encoding)
    (scores,) = answer.json()["outputs"]
    np.testing.assert_allclose(scores["data"], [0.5 / 0.7, 0.2 / 0.7], rtol=1e-5)
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("encoding", "content", "why"),
    [
        ("br", b"?", "it is encoded as 'br'"),
        ("gzip", PLAIN, "cannot be mapped"),
        ("gzip", gzip.compress(PLAIN, mtime=0)[:-20], "cannot be mapped"),
        ("gzip", gzip.compress(bytes(LIMIT + 1), mtime=0), f"more than {LIMIT} bytes"),
    ],
)
def test_one_that_cannot_be_read_is_an_error(
    start: Any, upstream: Upstream, encoding: str, content: bytes, why: str
) -> None:
    answer = ask(start, upstream, content, encoding)
    assert answer.status_code == 502
    assert why in answer.json()["error"]
