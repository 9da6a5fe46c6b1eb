"""Vendors' own clients, unmodified, through the proxy: what they read depends on every bit of the image that arrived."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from bbprompt.arrays import UInt8
from bbprompt.oracle import Answer, Scores
from tests.adapters.declarative.loopback import Sent, serve
from tests.servers.proxied import from_png, overlay, photo, proxy, to_png

LABELS = '["cat","dog"]'
SWAPPED = overlay([1, 0], 2)


def score(image: UInt8) -> float:
    """In [0.5, 1); another for every image."""
    return 0.5 + int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:3]) / 2**25


def mapped(first: float) -> list[float]:
    """Probabilities of the classes a and b, which are the labels dog and cat; cat has ``first``."""
    scores = Scores(np.asarray([[first, 1 - first]], np.float32), Answer.TOP_K)
    found: list[float] = softmax(scores.log()[:, [1, 0]], axis=1).astype(np.float32)[0].tolist()
    return found


def answering(
    find: Callable[[Sent], bytes], answer: Callable[[float], Any]
) -> tuple[Callable[[Sent], tuple[int, bytes]], list[UInt8]]:
    """What an upstream answers of the image that arrived, and the images."""
    arrived: list[UInt8] = []

    def answered(sent: Sent) -> tuple[int, bytes]:
        arrived.append(from_png(find(sent)))
        return 200, json.dumps(answer(score(arrived[-1]))).encode()

    return answered, arrived


def hub_image(sent: Sent) -> bytes:
    """A raw body, or base64 in JSON: which one depends on the client's version and parameters."""
    return sent.body if sent.body.startswith(b"\x89PNG") else base64.b64decode(sent.json["inputs"])


def hub_answer(cat: float) -> Any:
    return [{"label": "cat", "score": cat}, {"label": "dog", "score": 1 - cat}]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("adapter", "options"), [("generic", {}), ("huggingface", {}), ("huggingface", {"top_k": 2})]
)
def test_huggingface_hub_reads_the_scores_of_the_prompted_image(
    tmp_path: Path, adapter: str, options: dict[str, int]
) -> None:
    hub = pytest.importorskip("huggingface_hub", exc_type=ImportError)
    expected = overlay().apply(photo()[None])[0]
    answer, arrived = answering(hub_image, hub_answer)
    with serve(answer) as (upstream, _), proxy(tmp_path, upstream, "--adapter", adapter, "--labels", "pass") as url:
        client = hub.InferenceClient(model=f"{url}/models/x", token="secret")
        found = client.image_classification(to_png(photo()), **options)
    np.testing.assert_array_equal(arrived[0], expected)
    assert [(entry.label, entry.score) for entry in found] == [
        ("cat", score(expected)),
        ("dog", 1 - score(expected)),
    ]


@pytest.mark.filterwarnings("ignore")
def test_huggingface_hub_reads_the_classes(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", exc_type=ImportError)
    answer, arrived = answering(hub_image, hub_answer)
    arguments = ["--adapter", "huggingface", "--option", f"labels={LABELS}"]
    with serve(answer) as (upstream, _), proxy(tmp_path, upstream, *arguments, prompt=SWAPPED) as url:
        found = hub.InferenceClient(token="secret").image_classification(to_png(photo()), model=f"{url}/x")
    assert {entry.label: entry.score for entry in found} == dict(zip("ab", mapped(score(arrived[0])), strict=True))


def chat_image(sent: Sent) -> bytes:
    uri = sent.json["messages"][0]["content"][1]["image_url"]["url"]
    return base64.b64decode(uri.removeprefix("data:image/png;base64,"))


def chat_answer(first: float) -> Any:
    listed = [
        {"token": token, "logprob": math.log(value), "bytes": None}
        for token, value in (("A", first), ("B", 1 - first))
    ]
    choice = {
        "index": 0,
        "finish_reason": "length",
        "message": {"role": "assistant", "content": "A"},
        "logprobs": {"content": [{**listed[0], "bytes": [65], "top_logprobs": listed}]},
    }
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def ask_chat(url: str) -> Any:
    openai = pytest.importorskip("openai")
    uri = f"data:image/png;base64,{base64.b64encode(to_png(photo())).decode()}"
    content = [{"type": "text", "text": "A or B?"}, {"type": "image_url", "image_url": {"url": uri}}]
    with openai.OpenAI(api_key="secret", base_url=f"{url}/v1") as client:
        return client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": content}], logprobs=True, top_logprobs=2
        ).choices[0]


@pytest.mark.parametrize("adapter", ["generic", "openai-chat"])
def test_openai_reads_the_scores_of_the_prompted_image(tmp_path: Path, adapter: str) -> None:
    answer, arrived = answering(chat_image, chat_answer)
    with serve(answer) as (upstream, _), proxy(tmp_path, upstream, "--adapter", adapter, "--labels", "pass") as url:
        found = ask_chat(url)
    expected = overlay().apply(photo()[None])[0]
    np.testing.assert_array_equal(arrived[0], expected)
    assert found.logprobs.content[0].top_logprobs[0].logprob == math.log(score(expected))


def test_openai_reads_the_classes(tmp_path: Path) -> None:
    answer, arrived = answering(chat_image, chat_answer)
    arguments = ["--adapter", "openai-chat", "--option", f"labels={LABELS}"]
    with serve(answer) as (upstream, _), proxy(tmp_path, upstream, *arguments, prompt=SWAPPED) as url:
        found = ask_chat(url)
    assert found.message.content == found.logprobs.content[0].token == "B"  # the label A is the class b
    listed = {entry.token: math.exp(entry.logprob) for entry in found.logprobs.content[0].top_logprobs}
    assert listed == pytest.approx(dict(zip("AB", mapped(score(arrived[0])), strict=True)), rel=1e-6)
