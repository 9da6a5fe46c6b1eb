"""Each shipped adapter sends what its vendor documents, and reads what its vendor documents."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bbprompt.errors import BbpromptError, ConfigError, OracleError
from bbprompt.oracle import Answer
from bbprompt.registry import adapter_names, open_oracle
from bbprompt_adapters.declarative.files import vendor_names
from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.declarative.oracle import DeclarativeOracle
from bbprompt_adapters.http.library import httpx

from .case import IMAGE, SECRET, Case
from .cases import CASES

Handler = Callable[[httpx.Request], httpx.Response]
EACH = pytest.mark.parametrize("name", sorted(CASES))


class Vendor:
    """Answers as a case says, and keeps what it was asked."""

    def __init__(self, case: Case) -> None:
        self.case, self.asked = case, list[httpx.Request]()
        self._later = iter(case.then)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "GET":
            return _response(next(self._later))
        if self.case.texts and json.loads(request.content).get("modality") == "text":
            return _response(self.case.texts)
        return _response(self.case.answer)


def _response(body: Any) -> httpx.Response:
    return httpx.Response(200, text=body) if isinstance(body, str) else httpx.Response(200, json=body)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DeclarativeOracle]:
    def open_case(name: str, handler: Handler, **options: object) -> DeclarativeOracle:
        for variable, value in CASES[name].env.items():
            monkeypatch.setenv(variable, value)
        return open_vendor(name, {**CASES[name].options, **options}, transport=httpx.MockTransport(handler))

    monkeypatch.setattr("bbprompt.wrappers.halt.Halt.sleep", lambda *_: None)
    return open_case


def picture(oracle: DeclarativeOracle) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 256, (1, *oracle.spec.input_size, 3), dtype=np.uint8)
    if oracle.spec.input_size == (1, 2):
        image[:] = [[[255, 0, 0], [0, 0, 255]]]
    return image


def test_every_shipped_adapter_has_a_case_and_an_entry_point() -> None:
    assert set(vendor_names()) == set(CASES)
    assert set(vendor_names()) <= set(adapter_names())


@EACH
def test_the_request_is_the_documented_one(name: str, opened: Callable[..., DeclarativeOracle]) -> None:
    case, vendor = CASES[name], Vendor(CASES[name])
    oracle = opened(name, vendor)
    image = picture(oracle)
    oracle.query(image)
    request = next(r for r in vendor.asked if r.method == "POST")
    assert str(request.url) == case.url
    assert {k: request.headers.get(k) for k in case.headers} == case.headers
    if case.body is None:
        assert np.array_equal(decode(request.content), image[0])
    else:
        body, found = cut_out(json.loads(request.content))
        assert body == case.body
        assert all(np.array_equal(decode(text), image[0]) for text in found)
        assert found or name == "kserve-v1"


def cut_out(body: Any) -> tuple[Any, list[str]]:
    """Replace images by ``IMAGE``; return them beside."""
    found: list[str] = []

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(v) for v in value]
        if isinstance(value, str) and len(value) > 1000:
            found.append(value)
            return IMAGE
        return value

    return walk(body), found


def decode(content: bytes | str) -> np.ndarray:
    if isinstance(content, str):
        content = base64.b64decode(content.removeprefix("data:image/png;base64,"), validate=True)
    elif not content.startswith(b"\x89PNG"):
        content = base64.b64decode(content, validate=True)
    return np.asarray(Image.open(io.BytesIO(content)))


@EACH
def test_the_answer_means_the_documented_scores(name: str, opened: Callable[..., DeclarativeOracle]) -> None:
    oracle = opened(name, Vendor(CASES[name]))
    scores = oracle.query(picture(oracle))
    np.testing.assert_allclose(scores.values[0], CASES[name].scores, rtol=1e-6, atol=1e-7)
    assert np.isfinite(scores.log()).all()


@EACH
def test_a_refusal_is_one_line_without_the_key(name: str, opened: Callable[..., DeclarativeOracle]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, text=f"no\n{request.url} {dict(request.headers)} {SECRET}")

    oracle = opened(name, refuse)
    with pytest.raises(OracleError) as caught:
        oracle.query(picture(oracle))
    assert SECRET not in f"{caught.value}{caught.value!r}{caught.value.__cause__!r}{oracle.spec}"
    assert "\n" not in str(caught.value)
    assert (caught.value.billed, caught.value.retryable) == (False, False)


@EACH
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"a":1}', b"[1]", b"<html>", b'"x"', b"NaN"])
def test_another_answer_is_one_line(name: str, body: bytes, opened: Callable[..., DeclarativeOracle]) -> None:
    oracle = opened(name, lambda _: httpx.Response(200, content=body))
    try:
        values = oracle.query(picture(oracle)).values
    except BbpromptError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        # Only a service that may list nothing can be taken to have done so.
        assert oracle.spec.answer is Answer.TAGS
        assert (values == oracle.spec.unlisted).all()


@pytest.mark.parametrize(
    "name", sorted(n for n in CASES if CASES[n].env and "AWS_ACCESS_KEY_ID" not in CASES[n].env)
)
def test_without_its_key_it_is_not_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in CASES[name].env:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=next(iter(CASES[name].env))):
        open_oracle(name, CASES[name].options)


@pytest.mark.parametrize(
    ("name", "status", "body", "billed", "retryable"),
    [
        ("rekognition-labels", 400, {"__type": "ThrottlingException", "Message": "slow"}, False, True),
        ("rekognition-labels", 400, {"__type": "InvalidParameterException", "Message": "bad"}, False, False),
        ("rekognition-labels", 500, {"__type": "InternalServerError"}, True, True),
        ("google-vision", 200, {"responses": [{"error": {"code": 8, "message": "quota"}}]}, False, True),
        ("google-vision", 200, {"responses": [{"error": {"code": 3, "message": "Bad image data."}}]}, True, False),
        ("google-vision", 429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, False, True),
        ("clarifai", 200, {"status": {"code": 11005, "description": "Too many"}}, False, True),
        ("clarifai", 200, {"status": {"code": 10020, "description": "Failure"}}, True, False),
        ("cog", 200, {"status": "failed", "error": "CUDA"}, True, False),
        ("cog", 409, {"detail": "Already running a prediction"}, False, True),
        ("openai-chat", 429, {"error": {"code": "insufficient_quota", "message": "pay"}}, False, False),
        ("openai-chat", 429, {"error": {"code": "rate_limit_exceeded", "message": "slow"}}, False, True),
        ("huggingface", 503, {"error": "loading", "estimated_time": 20.0}, False, True),
        ("replicate", 201, {"status": "failed", "error": "bad"}, True, False),
        ("torchserve", 503, {"code": 503, "message": "Prediction failed"}, True, True),
    ],
)
def test_what_a_failure_means(
    name: str,
    status: int,
    body: object,
    billed: bool,
    retryable: bool,
    opened: Callable[..., DeclarativeOracle],
) -> None:
    oracle = opened(name, lambda _: httpx.Response(status, json=body))
    with pytest.raises(OracleError) as caught:
        oracle.query(picture(oracle))
    assert (caught.value.billed, caught.value.retryable) == (billed, retryable), str(caught.value)
    assert caught.value.retry_after_s == (20.0 if name == "huggingface" else None)


def test_what_labels_beyond_the_list_mean(opened: Callable[..., DeclarativeOracle]) -> None:
    """Of an open vocabulary they are left out; elsewhere the list is wrong, and the message says so."""
    google = opened("google-vision", Vendor(CASES["google-vision"]))
    assert (google.spec.open_vocabulary, google.spec.unlisted, google.spec.answer) == (True, 0.25, Answer.TAGS)
    cog = opened("cog", lambda _: httpx.Response(200, json={"status": "succeeded", "output": {"cow": 1.0}}))
    with pytest.raises(OracleError, match="answered the label 'cow', which is not among"):
        cog.query(picture(cog))


def test_batches_are_one_item_per_image(opened: Callable[..., DeclarativeOracle]) -> None:
    def annotate(request: httpx.Request) -> httpx.Response:
        n = len(json.loads(request.content)["requests"])
        answers = [{"labelAnnotations": [{"description": "Cat", "score": 0.5 + i / 8}]} for i in range(n)]
        return httpx.Response(200, json={"responses": answers})

    oracle = opened("google-vision", annotate, max_batch=3)
    values = oracle.query(np.repeat(picture(oracle), 3, axis=0)).values
    assert values[:, 0].tolist() == [0.5, 0.625, 0.75]


def test_a_token_price_is_set_aside_at_its_most_and_settled_at_what_was_used(
    opened: Callable[..., DeclarativeOracle],
) -> None:
    vendor = Vendor(CASES["openai-chat"])
    with pytest.raises(ConfigError, match="most_per_request"):
        opened("openai-chat", vendor, usd_per_token=1e-6)
    oracle = opened("openai-chat", vendor, usd_per_token=1e-6, most_per_request=1000)
    assert (oracle.spec.usd_per_query, oracle.spec.usd_per_request) == (0.0, pytest.approx(1e-3))
    assert oracle.query(picture(oracle)).usd == pytest.approx(101e-6)


def test_a_price_in_another_unit_is_refused(opened: Callable[..., DeclarativeOracle]) -> None:
    with pytest.raises(ConfigError, match="this service charges by the image"):
        opened("google-vision", Vendor(CASES["google-vision"]), usd_per_token=1e-6)


def test_a_poll_leads_to_no_other_host(opened: Callable[..., DeclarativeOracle]) -> None:
    answer = {"status": "starting", "urls": {"get": "https://evil.test/steal"}}
    vendor = Vendor(Case(**{**CASES["replicate"].__dict__, "answer": answer}))
    oracle = opened("replicate", vendor)
    with pytest.raises(OracleError, match="on another host; not followed"):
        oracle.query(picture(oracle))
    assert len(vendor.asked) == 1
