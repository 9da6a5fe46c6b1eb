"""Whole image files, wherever they stand in a request: prompted without loss, or refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt.proxy.app import Limits
from bbprompt.proxy.dialect import Message
from bbprompt.proxy.fetching import fetch_nothing
from bbprompt.proxy.generic import Generic
from tests.prompt_cases import quick
from tests.proxy.conftest import Upstream, overlay


def picture(seed: int = 0) -> UInt8:
    return np.random.default_rng(seed).integers(0, 256, (12, 15, 3), dtype=np.uint8)


def png(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(data: bytes) -> UInt8:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def prompted(seed: int = 0) -> UInt8:
    laid: UInt8 = overlay().apply(picture(seed)[None])[0]
    return laid


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(("sent", "received"), [("image/png", "image/png"), ("image/webp", "image/png")])
def test_a_raw_body(start: Any, upstream: Upstream, sent: str, received: str) -> None:
    start("generic")("POST", "/classify", content=png(), headers={"content-type": sent})
    (got,) = upstream.requests
    assert got.headers["content-type"] == received
    np.testing.assert_array_equal(pixels(got.content), prompted())


def test_base64_and_data_uris_anywhere_in_json(start: Any, upstream: Upstream) -> None:
    body = {
        "requests": [{"image": {"content": b64(png(1))}}, {"image": {"content": b64(png(2))}}],
        "messages": [{"content": [{"image_url": {"url": f"data:image/jpeg;base64,{b64(png(3))}"}}]}],
        "note": "no image" * 20,
        "top_k": 5,
        "threshold": 0.1,
        "big": 2**60,
    }
    start("generic")("POST", "/x", json=body)
    got = json.loads(upstream.requests[0].content)
    for seed, item in enumerate(got["requests"], start=1):
        np.testing.assert_array_equal(pixels(base64.b64decode(item["image"]["content"])), prompted(seed))
    uri = got["messages"][0]["content"][0]["image_url"]["url"]
    assert uri.startswith("data:image/png;base64,")
    np.testing.assert_array_equal(pixels(base64.b64decode(uri.partition(",")[2])), prompted(3))
    assert {key: got[key] for key in ("note", "top_k", "threshold", "big")} == {
        key: body[key] for key in ("note", "top_k", "threshold", "big")
    }


def test_base64_of_either_alphabet_padded_or_not_broken_into_lines_or_not(start: Any, upstream: Upstream) -> None:
    safe = base64.urlsafe_b64encode(png()).decode()
    body = [safe, safe.rstrip("="), base64.encodebytes(png()).decode(), f" {b64(png())}\n"]
    start("generic")("POST", "/x", json=body)
    got = json.loads(upstream.requests[0].content)
    assert len(got) == len(body)
    for text in got:
        np.testing.assert_array_equal(pixels(base64.b64decode(text, validate=True)), prompted())


@pytest.mark.parametrize(
    "head", ["data:image/png;charset=utf-8;base64,", "data:;base64,", " DATA:application/octet-stream;BASE64,"]
)
def test_a_data_uri_of_any_kind_that_holds_an_image(start: Any, upstream: Upstream, head: str) -> None:
    body = {"input": head + b64(png()), "note": f"data:text/plain;base64,{b64(b'no image' * 9)}"}
    start("generic")("POST", "/x", json=body)
    got = json.loads(upstream.requests[0].content)
    kind, _, data = got["input"].partition(",")
    assert kind == "data:image/png;base64"
    np.testing.assert_array_equal(pixels(base64.b64decode(data)), prompted())
    assert got["note"] == body["note"]


def test_a_form_s_images_and_nothing_else(start: Any, upstream: Upstream) -> None:
    files = [("file", ("ä.jpg", png(1), "image/jpeg")), ("file", ("raw", png(2), "application/octet-stream"))]
    start("generic")("POST", "/x", files=files, data={"model": "m", "text": "two\nlines"})
    got = upstream.requests[0]
    parts = _parts(got)
    assert parts["model"] == [b"m"]
    assert parts["text"] == [b"two\nlines"]
    for seed, part in enumerate(parts["file"], start=1):
        np.testing.assert_array_equal(pixels(part), prompted(seed))


@quick
@given(binary=st.binary(max_size=80), text=st.text(max_size=20))
def test_other_parts_of_a_form_come_through_byte_for_byte(binary: bytes, text: str) -> None:
    files = [("image", ("a.png", png(), "image/png")), ("blob", ("b", binary, "application/octet-stream"))]
    form = httpx.Request("POST", "http://x", files=files, data={"text": text})
    sent = Message(form.read(), {"content-type": form.headers["content-type"]})
    got, images = Generic().prompt(sent, overlay().apply, fetch_nothing)
    parts = _parts(httpx.Request("POST", "http://x", content=got.content, headers=got.headers))
    assert images == 1
    assert parts["blob"] == [binary]
    assert parts["text"] == [text.encode()]


def _parts(request: httpx.Request) -> dict[str, list[bytes]]:
    """A second reading of a form, by its boundary alone."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    found: dict[str, list[bytes]] = {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        found.setdefault(name, []).append(content.removesuffix(b"\r\n"))
    return found


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"json": {"text": "hello"}}, "no image found"),
        ({"content": b"anything"}, "no image found"),
        ({"content": png()[:-30]}, "cannot be read"),
        ({"json": {"image_url": "https://elsewhere.test/cat.png"}}, "is an address"),
        ({"json": {"image": b64(png()), "images": ["s3://bucket/cat.png"]}}, "is an address"),
        ({"json": {"image": "data:image/png;base64,AAAA"}}, "holds no image"),
        ({"json": {"image": b64(png()), "mask": "data:image/svg+xml,%3Csvg%3E"}}, "holds no image"),
        ({"json": {"image": b64(png()), "input": "https://elsewhere.test/cat.PNG?size=1"}}, "is an address"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, "no JSON"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=b"}}, "a form that cannot"),
        ({"content": png(), "headers": {"authorization": "AWS4-HMAC-SHA256 Credential=x"}}, "signature"),
    ],
)
def test_what_cannot_be_prompted_goes_nowhere(
    start: Any, upstream: Upstream, request_: dict[str, Any], says: str
) -> None:
    answer = start("generic")("POST", "/x", **request_)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert upstream.requests == []


def test_a_compressed_body_goes_nowhere(start: Any, upstream: Upstream) -> None:
    answer = start("generic")("POST", "/x", content=png(), headers={"content-encoding": "gzip"})
    assert answer.status_code == 415
    assert upstream.requests == []


def test_a_body_that_is_too_large_goes_nowhere(start: Any, upstream: Upstream) -> None:
    answer = start("generic", limits=Limits(max_bytes=100))("POST", "/x", content=png())
    assert answer.status_code == 413
    assert upstream.requests == []


def test_answers_of_an_unknown_api_are_not_mapped(start: Any) -> None:
    with pytest.raises(ConfigError, match="say --labels pass"):
        start("generic", relabels=True)
