"""Every shipped adapter read backwards: the images that arrive are prompted as locally, to the bit."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.files import read_vendor
from tests.adapters.declarative.cases import CASES, IMAGE
from tests.proxy.conftest import Ask, Upstream
from tests.proxy.documented import documented
from tests.proxy.test_generic import _parts, b64, picture, pixels, png, prompted

EACH = pytest.mark.parametrize("name", sorted(CASES))


def received(name: str, request: httpx.Request) -> UInt8:
    """The image that arrived; all else must be what was documented."""
    case, image = CASES[name], read_vendor(name).image
    if case.body is None:
        return pixels(request.content if image.form == "bytes" else base64.b64decode(request.content))
    body = json.loads(request.content)
    if image.form == "list":
        (nested,) = body["instances"]
        return np.rint(np.asarray(nested) * 255).astype(np.uint8)
    found: list[str] = []
    assert _cut_out(body, found) == case.body
    (text,) = found
    return pixels(base64.b64decode(text.removeprefix("data:image/png;base64,"), validate=True))


def _cut_out(value: Any, found: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _cut_out(inner, found) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cut_out(inner, found) for inner in value]
    if isinstance(value, str) and len(value) > 300:
        found.append(value)
        return IMAGE
    return value


@EACH
def test_the_documented_request_arrives_with_the_prompted_image(
    name: str, begin: Callable[..., Ask], upstream: Upstream
) -> None:
    answer = begin(name)("POST", httpx.URL(CASES[name].url).raw_path.decode(), **documented(name))
    assert answer.status_code == 200, answer.text
    (got,) = upstream.requests
    np.testing.assert_array_equal(received(name, got), prompted())
    assert got.headers["content-length"] == str(len(got.content))
    for header in set(CASES[name].headers) - {"authorization"}:
        assert got.headers[header] == CASES[name].headers[header]


def test_a_tensor_arrives_as_the_adapter_itself_makes_it(begin: Callable[..., Ask], upstream: Upstream) -> None:
    begin("kserve-v1")("POST", "/v1/models/m:predict", **documented("kserve-v1"))
    instances = msgspec.json.encode([Encoder(read_vendor("kserve-v1").image)(prompted())])
    assert json.loads(upstream.requests[0].content)["instances"] == json.loads(instances)


def test_every_image_of_a_batch_is_prompted(begin: Callable[..., Ask], upstream: Upstream) -> None:
    body = {"requests": [{"image": {"content": b64(png(seed))}, "features": []} for seed in range(3)]}
    begin("google-vision")("POST", "/v1/images:annotate", json=body)
    for seed, item in enumerate(json.loads(upstream.requests[0].content)["requests"]):
        np.testing.assert_array_equal(pixels(base64.b64decode(item["image"]["content"])), prompted(seed))


def test_images_are_found_in_any_message_and_place_of_a_chat(begin: Callable[..., Ask], upstream: Upstream) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64(png(1))}"}}
    other = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64(png(2))}"}}
    messages = [
        {"role": "system", "content": "Answer with a letter."},
        {"role": "user", "content": [image, {"type": "text", "text": "Which?"}, other]},
    ]
    begin("openai-chat")("POST", "/chat/completions", json={"model": "m", "messages": messages})
    content = json.loads(upstream.requests[0].content)["messages"][1]["content"]
    for seed, part in ((1, content[0]), (2, content[2])):
        uri = part["image_url"]["url"].removeprefix("data:image/png;base64,")
        np.testing.assert_array_equal(pixels(base64.b64decode(uri)), prompted(seed))


IMAGE_JSON = {"image": {"content": b64(png())}}


@pytest.mark.parametrize(
    ("name", "request_", "says"),
    [
        ("google-vision", {"json": {"requests": []}}, "google-vision has images at requests[].image.content"),
        ("google-vision", {"json": {"requests": [{"image": {"content": 5}}]}}, "requests[0].image.content"),
        ("google-vision", {"json": {"requests": [{"image": {"content": "AAAA"}}]}}, "holds no image"),
        (
            "google-vision",
            {"json": {"requests": [IMAGE_JSON, {"image": {"source": {"imageUri": "gs://b/c.png"}}}]}},
            "requests[1].image.source.imageUri",
        ),
        ("google-vision", {"json": {"requests": [IMAGE_JSON], "extra": b64(png(1))}}, "'extra' holds an image"),
        ("huggingface", {"json": {"inputs": "https://elsewhere.test/cat"}}, "is an address"),
        ("torchserve", {"content": b"anything"}, "torchserve has images at the body itself"),
        ("google-vision", {"content": b"anything"}, "google-vision has images at requests[].image.content"),
        ("kserve-v1", {"content": b"anything"}, "kserve-v1 has images at instances[]"),
        ("azure-custom-vision", {"json": {"Url": "https://elsewhere.test/cat.png"}}, "cannot be prompted"),
        ("roboflow", {"content": "anything"}, "holds no image"),
        ("kserve-v1", {"json": {"instances": [[1, 2]]}}, "expected an image"),
        ("kserve-v1", {"json": {"instances": [[[[0.5001, 0.0, 0.0]]]]}}, "no grey levels"),
        ("kserve-v1", {"json": {"instances": [[[[2.0, 0.0, 0.0]]]]}}, "beyond the grey levels"),
        ("kserve-v1", {"json": {"instances": [{"b64": "AAAA"}]}}, "no nest of numbers"),
        ("clip-embeddings", {"json": {"input": ["a cat"], "modality": "image"}}, "input[0]"),
        ("openai-chat", {"content": b"[" * 5000 + b"]" * 5000}, "no JSON"),
    ],
)
def test_what_cannot_be_prompted_goes_nowhere(
    begin: Callable[..., Ask], upstream: Upstream, name: str, request_: dict[str, Any], says: str
) -> None:
    answer = begin(name)("POST", "/x", **request_)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert upstream.requests == []


@pytest.mark.parametrize("name", ["huggingface", "torchserve", "google-vision"])
def test_a_body_that_is_an_image_file_is_prompted_whatever_the_template_says(
    begin: Callable[..., Ask], upstream: Upstream, name: str
) -> None:
    begin(name)("POST", "/x", content=png(), headers={"content-type": "image/jpeg"})
    np.testing.assert_array_equal(pixels(upstream.requests[0].content), prompted())
    assert upstream.requests[0].headers["content-type"] == "image/png"


def test_an_embedding_server_gets_texts_as_they_are(begin: Callable[..., Ask], upstream: Upstream) -> None:
    body = {"model": "clip", "input": ["a photo of a cat"], "encoding_format": "float", "modality": "text"}
    begin("clip-embeddings")("POST", "/embeddings", json=body)
    assert json.loads(upstream.requests[0].content) == body


def test_an_option_that_names_a_place_in_requests_must_be_said(start: Callable[..., Ask], tmp_path: Path) -> None:
    text = FORM_FILE.replace('parts = { photo = "{image}", note = "hello" }', 'json = { "{field}" = "{image}" }')
    text = text.replace("[request]", "[options.field]\n[request]").replace('"bytes"', '"base64"')
    (tmp_path / "named.toml").write_text(text)
    with pytest.raises(ConfigError, match="say --option field="):
        start(str(tmp_path / "named.toml"))
    start(str(tmp_path / "named.toml"), options={"field": "photo"})


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_json_is_read_though_the_client_does_not_say_that_it_is(
    begin: Callable[..., Ask], upstream: Upstream, kind: str
) -> None:
    content = json.dumps({"requests": [IMAGE_JSON]})
    begin("google-vision")("POST", "/v1/images:annotate", content=content, headers={"content-type": kind})
    (item,) = json.loads(upstream.requests[0].content)["requests"]
    np.testing.assert_array_equal(pixels(base64.b64decode(item["image"]["content"])), prompted())


FORM_FILE = """
[adapter]
name = "form"
[options.url]
[request]
url = "{url}/classify"
parts = { photo = "{image}", note = "hello" }
[image]
encoding = "jpeg"
quality = 80
form = "bytes"
size = [12, 15]
[answer]
path = "scores"
kind = "probabilities"
"""


def test_a_file_of_one_s_own_that_takes_jpeg_gets_the_jpeg_that_training_saw(
    start: Callable[..., Ask], upstream: Upstream, tmp_path: Path
) -> None:
    (tmp_path / "form.toml").write_text(FORM_FILE)
    ask = start(str(tmp_path / "form.toml"))
    answer = ask("POST", "/classify", files={"photo": ("a.png", png(), "image/png")}, data={"note": "hello"})
    assert answer.status_code == 200, answer.text
    parts = _parts(upstream.requests[0])
    buffer = io.BytesIO()
    Image.fromarray(prompted()).save(buffer, "JPEG", quality=80, subsampling=0)
    assert parts == {"photo": [buffer.getvalue()], "note": [b"hello"]}
    assert b"image/jpeg" in upstream.requests[0].content


RAW_FILE = """
[adapter]
name = "raw"
[options.url]
[request]
url = "{url}/classify"
body = "{image}"
[image]
encoding = "tensor"
form = "bytes"
dtype = "uint8"
layout = "chw"
[answer]
path = "scores"
shape = "vector"
kind = "probabilities"
"""


def test_raw_tensors_have_the_size_that_the_option_says(
    start: Callable[..., Ask], upstream: Upstream, tmp_path: Path
) -> None:
    (tmp_path / "raw.toml").write_text(RAW_FILE)
    ask = start(str(tmp_path / "raw.toml"), options={"input_size": [12, 15]})
    sent = picture().transpose(2, 0, 1).tobytes()
    ask("POST", "/classify", content=sent, headers={"content-type": "application/octet-stream"})
    assert upstream.requests[0].content == prompted().transpose(2, 0, 1).tobytes()
    assert "180" not in ask("POST", "/classify", content=sent[:-1]).json()["error"]
    assert len(upstream.requests) == 1
