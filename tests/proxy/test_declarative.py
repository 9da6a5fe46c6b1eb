"""Every shipped adapter read backwards: images are prompted as locally, to the bit; answers hold the task's classes."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from bbprompt.arrays import Float, UInt8
from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt.oracle import Answer, Scores
from bbprompt.sigv4 import AwsSigner
from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.files import read_vendor
from bbprompt_adapters.declarative.opening import open_vendor
from tests.adapters.declarative.cases import CASES, IMAGE, Case
from tests.adapters.declarative.test_tutorial import blocks
from tests.proxy.conftest import PROXY, Ask, Upstream
from tests.proxy.test_generic import _parts, b64, picture, pixels, png, prompted

EACH = pytest.mark.parametrize("name", sorted(CASES))
MAPPED = pytest.mark.parametrize("name", sorted(set(CASES) - {"clip-embeddings"}))
CLASSES = ["cat", "dog"]


@pytest.fixture
def begin(start: Callable[..., Ask], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ask]:
    """Start a proxy for a case, with the credentials that it needs to sign."""

    def opened(name: str, **settings: Any) -> Ask:
        for variable, value in CASES[name].env.items():
            monkeypatch.setenv(variable, value)
        signer = AwsSigner() if name.startswith("rekognition") else None
        return start(name, signer=signer, **settings)

    return opened


def documented(name: str, seed: int = 0) -> dict[str, Any]:
    """The vendor's request, with a picture of another size than the prompt's."""
    case, image = CASES[name], read_vendor(name).image
    file = {"bytes": png(seed), "base64": b64(png(seed)), "data-uri": f"data:image/png;base64,{b64(png(seed))}"}
    if case.body is None:
        content = file[image.form]
        return {"content": content, "headers": case.headers}
    tensor = Encoder(image)(picture(seed)) if image.form == "list" else None
    body = {"instances": [tensor]} if tensor else _replaced(case.body, file[image.form])
    return {"content": json.dumps(body), "headers": {"content-type": "application/json"} | case.headers}


def _replaced(value: Any, image: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, image) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, image) for inner in value]
    return image if value == IMAGE else value


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
    (nested,) = json.loads(upstream.requests[0].content)["instances"]
    assert nested == Encoder(read_vendor("kserve-v1").image)(prompted())


def answering(case: Case) -> Callable[[httpx.Request], httpx.Response]:
    later = iter(case.then)

    def answer(request: httpx.Request) -> httpx.Response:
        body = next(later) if request.method == "GET" else case.answer
        if isinstance(body, str):
            return httpx.Response(200, text=body, headers={"content-type": "text/event-stream"})
        return httpx.Response(200, json=body)

    return answer


def meant(name: str) -> Float:
    """The classes' probabilities that the documented answer means, by a map that swaps the first two labels."""
    case, kind = CASES[name], Answer(read_vendor(name).answer.kind)
    log_scores = Scores(np.asarray([case.scores], np.float32), kind).log()
    return softmax(log_scores[:, [1, 0]], axis=1).astype(np.float32)


@MAPPED
def test_an_adapter_in_front_of_the_proxy_reads_the_classes(
    name: str, begin: Callable[..., Ask], upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    monkeypatch.setattr("bbprompt.wrappers.halt.Halt.sleep", lambda *_: None)
    labels: Any = case.options["labels"]
    ask = begin(
        name,
        relabels=True,
        options={"labels": labels},
        label_map={"name": "given", "indices": [1, 0], "width": len(labels)},
        upstream_url="https://api.replicate.com",
    )
    upstream.answer = answering(case)

    def through(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        got = ask(request.method, path, content=request.content, headers=dict(request.headers))
        return httpx.Response(got.status_code, headers=dict(got.headers), content=got.content)

    base = "/v1" if name == "replicate" else ""
    options = {**case.options, "labels": CLASSES, "url": PROXY + base}
    oracle = open_vendor(name, options, transport=httpx.MockTransport(through))
    values = oracle.query(np.zeros((1, *oracle.spec.input_size, 3), np.uint8)).values
    np.testing.assert_allclose(values, meant(name), rtol=1e-6)
    if read_vendor(name).answer.scale == "unit":
        assert values.tobytes() == meant(name).tobytes()


def test_what_repeats_the_best_label_says_the_best_class(begin: Callable[..., Ask], upstream: Upstream) -> None:
    upstream.answer = lambda _: httpx.Response(200, json=CASES["roboflow"].answer)
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("roboflow", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    answer = ask("POST", "/pets/3", **documented("roboflow")).json()
    assert answer["top"] == answer["predictions"][0]["class"] == "cat"  # the model said "dog"; the map swaps
    assert answer["confidence"] == answer["predictions"][0]["confidence"]
    assert answer["image"] == CASES["roboflow"].answer["image"]


def test_the_failures_of_a_batch_stay_and_its_answers_are_mapped(
    begin: Callable[..., Ask], upstream: Upstream
) -> None:
    wrong = {"error": {"code": 3, "message": "Bad image data."}}
    upstream.answer = lambda _: httpx.Response(200, json={"responses": [wrong, {}]})
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("google-vision", relabels=True, options={"labels": ["Cat", "Dog"]}, label_map=label_map)
    first, second = ask("POST", "/v1/images:annotate", **documented("google-vision")).json()["responses"]
    assert first == wrong
    assert [entry["description"] for entry in second["labelAnnotations"]] == ["cat", "dog"]


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


def test_a_failure_by_the_api_s_own_word_comes_back_as_it_was(
    begin: Callable[..., Ask], upstream: Upstream
) -> None:
    said = {"status": {"code": 10020, "description": "Failure"}, "outputs": None}
    upstream.answer = lambda _: httpx.Response(200, json=said)
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("clarifai", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    assert ask("POST", "/v2/x", **documented("clarifai")).json() == said


def test_a_stream_that_the_adapter_does_not_read_is_not_mapped(
    begin: Callable[..., Ask], upstream: Upstream
) -> None:
    events = {"content-type": "text/event-stream"}
    upstream.answer = lambda _: httpx.Response(200, content=b"data: {}\n\n", headers=events)
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("openai-chat", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    got = ask("POST", "/chat/completions", **documented("openai-chat"))
    assert got.status_code == 502
    assert "a stream of events" in got.json()["error"]


@pytest.mark.parametrize("answer", [{}, {"predictions": "no"}, {"predictions": [{"tagName": "cow"}]}, [1]])
def test_an_answer_that_cannot_be_mapped_does_not_come_back(
    begin: Callable[..., Ask], upstream: Upstream, answer: Any
) -> None:
    upstream.answer = lambda _: httpx.Response(200, json=answer)
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("azure-custom-vision", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    got = ask("POST", "/x", **documented("azure-custom-vision"))
    assert got.status_code == 502
    assert "cannot be mapped" in got.json()["error"]


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("google-vision", {}, "--option labels=FILE"),
        ("google-vision", {"labels": ["a", "b"]}, "labels has 2"),
        ("google-vision", {"lables": ["a", "b"]}, "did you mean 'labels'"),
        ("clip-embeddings", {"labels": ["a", "b", "c"]}, "answers vectors"),
        ("gogle-vision", {}, "did you mean 'google-vision'"),
        ("no-such.toml", {}, "no adapter file at no-such.toml"),
        ("cog", {"image_input": 5}, "image_input: expected a text"),
    ],
)
def test_what_cannot_be_mapped_is_said_at_the_start(
    start: Callable[..., Ask], name: str, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        start(name, relabels=True, options=options)


def test_what_else_is_fetched_where_results_are_polled_for_comes_back_as_it_was(
    begin: Callable[..., Ask], upstream: Upstream
) -> None:
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("replicate", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    for content in (b"a file", b'{"results":[]}'):
        upstream.answer = lambda _, content=content: httpx.Response(200, content=content)
        assert ask("GET", "/v1/anything").content == content


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


def test_the_tutorial_s_file_stands_in_front_of_clients(
    start: Callable[..., Ask], upstream: Upstream, tmp_path: Path
) -> None:
    (tmp_path / "pets.toml").write_text(blocks()["pets.toml"])
    tags = [{"t": "cat", "p": 20.0}, {"t": "dog", "p": 30.0}, {"t": "cow", "p": 50.0}]
    upstream.answer = lambda _: httpx.Response(200, json={"ok": True, "results": [{"tags": tags}]})
    ask = start(str(tmp_path / "pets.toml"), relabels=True, options={"labels": ["cat", "dog", "cow"]})
    body = {"photos": [{"png": b64(png())}], "limit": 3}
    answer = ask("POST", "/v2/pets/classify", json=body, headers={"x-token": "t"})
    (photo,) = json.loads(upstream.requests[0].content)["photos"]
    np.testing.assert_array_equal(pixels(base64.b64decode(photo["png"])), prompted())
    (result,) = answer.json()["results"]
    assert [tag["t"] for tag in result["tags"]] == ["cat", "dog"]  # the prompt's map takes labels 2 and 0
    assert [tag["p"] for tag in result["tags"]] == pytest.approx([500 / 7, 200 / 7])
