"""What an adapter of a file sends, and what it makes of the answers."""

from __future__ import annotations

import json
from email import message_from_bytes
from typing import Any

import numpy as np
import pytest

from bbprompt.errors import AnswerError, ConfigError, DataError, OracleError
from bbprompt.oracle import Answer
from bbprompt_adapters.http.library import httpx
from tests.adapters.declarative.toy import EMBEDDING, IMAGES, change, opened, served


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"scores": [[0.1, 0.9]]}, "expected a list of 2 items, one per image, got 1 items"),
        ({"scores": [[0.1, 0.9], [1.0]]}, "expected 2 numbers, one per label, got 1 numbers"),
        ({"scores": [[0.1, 0.9], [0.1, "x"]]}, "expected a number as score, got 'x'"),
        ({"scores": [[0.1, 0.9], [0.1, True]]}, "expected a number as score, got True"),
        ({"scores": [[0.1, 0.9], [0.1, float("nan")]]}, "NaN or infinity"),
        ({"scores": [[0.1, 0.9], [0.1, float("-inf")]]}, "NaN or infinity"),
        ({"scores": [[0.1, 0.9], [0.1, 10**400]]}, "NaN or infinity"),
        ({"scores": [[0.1, 0.9], [0.1, 1e300]]}, "NaN or infinity"),
        ({"scores": [[0.1, 0.9], [0.1, 7.0]]}, "where probabilities in"),
        ({"score": []}, "expected a list of 2 items, one per image, got None"),
    ],
)
def test_an_answer_that_does_not_fit_is_one_line(answer: object, message: str) -> None:
    body = json.dumps(answer)
    oracle = served(lambda _: httpx.Response(200, text=body))
    with pytest.raises(AnswerError, match=message) as caught:
        oracle.query(IMAGES)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<html>busy</html>", "no JSON at character 0 of 17: '<html>busy</html>'"),
        ('{"scores": [' + "0.25, " * 500 + "oops]}", "no JSON at character 3012 of 3018: '.*0.25, oops]}'"),
        ('{"scores": [[NaN', "no JSON at character 16 of 16"),
        ("[" * 100_000, "no JSON at character 0 of 100000: '.*'"),
        ("9" * 5000, "NaN or infinity|no JSON at character 0|list of 2 items"),
    ],
)
def test_what_is_no_json_is_shown_where_the_mistake_is(body: str, message: str) -> None:
    oracle = served(lambda _: httpx.Response(200, text=body))
    with pytest.raises(AnswerError, match=message):
        oracle.query(IMAGES)


def test_items_out_of_order_are_put_in_order_and_doubles_refused() -> None:
    document = change(answer={"items": "data", "position": "i", "path": "p"})
    later, first = {"i": 1, "p": [0.2, 0.8]}, {"i": 0, "p": [0.6, 0.4]}
    values = opened({"data": [later, first]}, document).query(IMAGES).values
    np.testing.assert_allclose(values, [[0.6, 0.4], [0.2, 0.8]], rtol=1e-6)
    for doubled in ([first, first], [first, {"i": 2, "p": [1, 0]}], [first, {"i": True, "p": [1, 0]}]):
        with pytest.raises(AnswerError, match="numbered 0 to 1, once each"):
            opened({"data": doubled}, document).query(IMAGES)


def test_whatever_may_change_an_answer_is_in_the_name() -> None:
    names = {
        opened({}).spec.name,
        opened({}, labels=["b", "a"]).spec.name,
        opened({}, url="http://other.test").spec.name,
        opened({}, input_size=4).spec.name,
        opened({}, change(image={"encoding": "jpeg"})).spec.name,
        opened({}, change(adapter={"version": 2})).spec.name,
        opened({}, change(answer={"kind": "logits"})).spec.name,
    }
    assert len(names) == 7
    assert opened({}).spec.name == opened({}, max_in_flight=2, timeout_s=5.0, usd_per_image=1.0).spec.name
    assert opened({}, identity="mine").spec.name == "mine"


def test_an_image_too_large_or_too_small_is_not_sent() -> None:
    with pytest.raises(DataError, match="the service accepts 20"):
        opened({}, change(image={"max_bytes": 20})).query(IMAGES)
    with pytest.raises(ConfigError, match="takes no less than 80 x 80 pixels"):
        opened({}, change(image={"min_size": [80, 80]}))


def test_requests_at_once_are_the_run_files_or_the_adapters_business() -> None:
    assert opened({}).spec.max_in_flight == 8
    assert opened({}, change(batch={"in_flight": 1})).spec.max_in_flight == 1
    assert opened({}, change(batch={"in_flight": 1}), max_in_flight=5).spec.max_in_flight == 5


def test_a_run_file_says_what_a_models_scores_mean() -> None:
    spec = opened({}, answer="logits").spec
    assert spec.answer is Answer.LOGITS


def test_a_label_alone_is_one_hot() -> None:
    document = change(answer={"shape": "label", "kind": "label", "path": "name"})
    values = opened({"scores": [{"name": "b"}, {"name": "a"}]}, document).query(IMAGES).values
    assert values.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_a_tensor_is_normalised_and_laid_out() -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"scores": [[0.5, 0.5]] * 2})

    image = {"encoding": "tensor", "form": "list", "layout": "chw", "mean": [0.5] * 3, "std": [0.5, 0.25, 1.0]}
    served(answer, change(image=image)).query(IMAGES)
    expected = ((IMAGES / 255 - 0.5) / [0.5, 0.25, 1.0]).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(np.array(sent[0]["images"]), expected, rtol=1e-5, atol=1e-6)


def test_a_form_holds_the_image_as_a_file_and_the_rest_as_fields() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=[0.5, 0.5])

    document = change(
        request={"json": None, "parts": {"file": "{image}", "n": "{n}", "left_out": "{none}"}},
        options={"n": {"type": "whole", "default": 3}, "none": {"optional": True}},
        image={"form": "bytes", "encoding": "jpeg"},
        batch={"max": 1},
        answer={"items": None},
    )
    oracle = served(answer, document)
    oracle.query(IMAGES[:1])
    oracle.query(IMAGES[:1])

    form = message_from_bytes(
        b"content-type: " + sent[0].headers["content-type"].encode() + b"\r\n\r\n" + sent[0].content
    )
    parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
    assert set(parts) == {"file", "n"}
    assert parts["file"].get_filename() == "image.jpg"
    assert parts["file"].get_payload(decode=True).startswith(b"\xff\xd8")
    assert parts["n"].get_payload() == "3"
    assert sent[0].content == sent[1].content


def test_a_success_that_says_it_is_none_is_a_failure() -> None:
    oracle = opened({"ok": False, "msg": "broken"}, change(errors={"ok": "ok", "message": "msg"}))
    with pytest.raises(OracleError, match="answered 200 OK: broken"):
        oracle.query(IMAGES)


def test_label_texts_that_are_refused_leave_the_image_before_them_billed() -> None:
    replies = iter([httpx.Response(200, json={"vector": [1, 0]}), httpx.Response(401, text="no")])
    oracle = served(lambda _: next(replies), EMBEDDING)
    with pytest.raises(OracleError, match="answered 401") as caught:
        oracle.query(IMAGES[:1])
    assert caught.value.billed
