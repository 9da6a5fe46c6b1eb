"""What we send is what the vendor's own client sends, and what it can read is what we read."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.http.library import httpx

from .case import SECRET
from .cases import CASES
from .loopback import Sent, serve


def picture(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, *size, 3), dtype=np.uint8)


def same_call(ours: Sent, theirs: Sent) -> None:
    assert (ours.method, ours.path, ours.json) == (theirs.method, theirs.path, theirs.json)
    assert ours.headers["authorization"] == theirs.headers["authorization"]


def test_huggingface_sends_the_official_clients_request(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub", exc_type=ImportError)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    case = CASES["huggingface"]
    with serve(lambda _: (200, json.dumps(case.answer).encode())) as (url, asked):
        oracle = open_vendor("huggingface", {**case.options, "url": url, "model": "m"})
        scores = oracle.query(picture(oracle.spec.input_size))
        client = hub.InferenceClient(token=SECRET)
        found = client.image_classification(
            base64.b64decode(asked[0].json["inputs"]), model=f"{url}/m", top_k=2, function_to_apply="softmax"
        )
        oracle.close()
    same_call(*asked)
    listed = {entry.label: entry.score for entry in found}
    assert listed == pytest.approx(dict(zip(["cat", "dog"], scores.values[0, :2].tolist(), strict=True)))


def test_huggingface_zero_shot_sends_the_official_clients_request(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub", exc_type=ImportError)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    case = CASES["huggingface-zero-shot"]
    with serve(lambda _: (200, json.dumps(case.answer).encode())) as (url, asked):
        oracle = open_vendor("huggingface-zero-shot", {**case.options, "url": url, "model": "m"})
        oracle.query(picture(oracle.spec.input_size))
        hub.InferenceClient(token=SECRET).zero_shot_image_classification(
            base64.b64decode(asked[0].json["inputs"]),
            candidate_labels=["cat", "dog"],
            hypothesis_template="This is a photo of {}.",
            model=f"{url}/m",
        )
        oracle.close()
    same_call(*asked)


def test_openai_chat_sends_the_official_clients_request(monkeypatch: pytest.MonkeyPatch) -> None:
    openai = pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    case = CASES["openai-chat"]
    with serve(lambda _: (200, json.dumps(case.answer).encode())) as (url, asked):
        oracle = open_vendor("openai-chat", {**case.options, "url": url})
        oracle.query(picture(oracle.spec.input_size))
        with openai.OpenAI(api_key=SECRET, base_url=url) as client:
            found = client.chat.completions.create(**asked[0].json)
        oracle.close()
    same_call(*asked)
    assert found.choices[0].logprobs.content[0].top_logprobs[0].token == "B"
    assert found.usage.total_tokens == 101


@pytest.mark.parametrize(
    ("name", "operation"),
    [("rekognition-labels", "DetectLabels"), ("rekognition-custom-labels", "DetectCustomLabels")],
)
def test_rekognition_keeps_to_botocores_service_model(
    name: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's serialiser makes our request, bit for bit, and its parser reads the answer as we do."""
    botocore_session = pytest.importorskip("botocore.session")
    from botocore.parsers import create_parser
    from botocore.serialize import create_serializer
    from botocore.validate import ParamValidator

    case = CASES[name]
    for variable, value in case.env.items():
        monkeypatch.setenv(variable, value)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=case.answer)

    oracle = open_vendor(name, case.options, transport=httpx.MockTransport(answer))
    scores = oracle.query(picture(oracle.spec.input_size)).values[0]

    model = botocore_session.get_session().get_service_model("rekognition").operation_model(operation)
    sent: dict[str, Any] = json.loads(asked[0].content)
    parameters = {**sent, "Image": {"Bytes": base64.b64decode(sent["Image"]["Bytes"])}}
    assert not ParamValidator().validate(parameters, model.input_shape).has_errors()
    theirs = create_serializer("json").serialize_to_request(parameters, model)
    assert sent == json.loads(theirs["body"])
    for header, value in theirs["headers"].items():
        assert asked[0].headers[header] == value

    whole = {"status_code": 200, "headers": {}, "body": json.dumps(case.answer).encode()}
    parsed = create_parser("json").parse(whole, model.output_shape)
    listed = {entry["Name"]: entry["Confidence"] / 100 for entry in parsed[operation.removeprefix("Detect")]}
    assert scores == pytest.approx([listed.get(label, 0.0) for label in oracle.spec.labels])
