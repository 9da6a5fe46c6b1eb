"""Answers of every shipped adapter come back with the task's classes in them, or not at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt.label_digests import digest_labels
from bbprompt.oracle import Answer, Scores
from bbprompt_adapters.declarative.files import read_vendor
from bbprompt_adapters.declarative.opening import open_vendor
from tests.adapters.declarative.cases import CASES, Case
from tests.adapters.declarative.test_tutorial import blocks
from tests.proxy.conftest import PROXY, Ask, Upstream
from tests.proxy.documented import documented
from tests.proxy.test_generic import b64, pixels, png, prompted

MAPPED = pytest.mark.parametrize("name", sorted(set(CASES) - {"clip-embeddings"}))


CLASSES = ["cat", "dog"]


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


def test_what_else_is_fetched_where_results_are_polled_for_comes_back_as_it_was(
    begin: Callable[..., Ask], upstream: Upstream
) -> None:
    label_map = {"name": "given", "indices": [1, 0], "width": 2}
    ask = begin("replicate", relabels=True, options={"labels": CLASSES}, label_map=label_map)
    for content in (b"a file", b'{"results":[]}'):
        upstream.answer = lambda _, content=content: httpx.Response(200, content=content)
        assert ask("GET", "/v1/anything").content == content


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


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["hen", "ant", "fox"], "--option labels has the labels .* in another order"),
        (["ant", "fox", "cow"], "--option labels has other labels"),
    ],
)
def test_labels_that_the_map_was_not_fitted_to_are_refused_at_the_start(
    start: Callable[..., Ask], labels: list[str], says: str
) -> None:
    fitted = digest_labels(["ant", "fox", "hen"])
    with pytest.raises(ConfigError, match=says):
        start("google-vision", relabels=True, options={"labels": labels}, training=fitted)
    start("google-vision", relabels=True, options={"labels": ["ant", "fox", "hen"]}, training=fitted)
    start("google-vision", options={"labels": labels}, training=fitted)


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
