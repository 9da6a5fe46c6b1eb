"""What a service may answer: an error of our own, or scores.

Fed by hypothesis: answers to adapter files of every shape, and answers of Open Inference v2. Each target raises whatever
is not a ``BbpromptError``, and tells whether it was refused.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bbprompt.errors import BbpromptError
from bbprompt_adapters.declarative.files import parse_adapter
from bbprompt_adapters.declarative.opening import open_adapter
from bbprompt_adapters.declarative.oracle import DeclarativeOracle
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.client import OpenInferenceOracle
from bbprompt_adapters.open_inference.client import open_oracle as open_inference
from bbprompt_adapters.open_inference.messages import JSON_SIZE

URL = "http://fuzz.test"
LABELS = ["a", "b", "c"]
LONGEST = 1000
"""Characters that fit into an error's line."""

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 2, 3, 3), dtype=np.uint8)

NUMBERS = st.one_of(
    st.floats(), st.integers(-3, 3), st.sampled_from([10**30, -(10**400), 2**63, 2**64, 1e308, True])
)
LONG = "5000 digits"
"""Written as a number that Python refuses to print."""

TEXTS = st.one_of(st.sampled_from([*LABELS, "A", "0", "n", "error", "ok", "\ud800", LONG]), st.text(max_size=8))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
NAMES = st.sampled_from(
    [*LABELS, "results", "n", "tags", "label", "score", "ok", "error", "code", "status", "id", "url"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, TEXTS), inner, max_size=4)
    ),
    max_leaves=12,
)
DEEP = st.integers(1, 100_000).map(lambda depth: b"[" * depth)


def dumped(value: object) -> bytes:
    """JSON, NaN and lone surrogates included, numbers of any length."""
    return json.dumps(value).replace(f'"{LONG}"', "1" + "0" * 5000).encode("utf-8", "surrogatepass")


@st.composite
def mutated(draw: st.DrawFn, right: Any) -> Any:
    """A right answer in which up to three parts are replaced, left out or doubled."""
    whole = [copy.deepcopy(right)]
    for _ in range(draw(st.integers(0, 3))):
        holder, key = draw(st.sampled_from(list(_places(whole))))
        draw(st.sampled_from([_replace, _leave_out, _double]))(draw, holder, key)
    return whole[0] if whole else None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where values stand within others."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _replace(draw: st.DrawFn, holder: Any, key: Any) -> None:
    holder[key] = draw(st.one_of(SCALARS, SCALARS, VALUES))


def _leave_out(_: st.DrawFn, holder: Any, key: Any) -> None:
    if len(holder) > 1:
        del holder[key]


def _double(draw: st.DrawFn, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[draw(st.one_of(NAMES, TEXTS))] = copy.deepcopy(holder[key])


# ---- answers to adapter files

SHAPES: dict[str, tuple[dict[str, Any], Any]] = {
    "list": (
        {"items": "results", "position": "n", "path": "tags", "kind": "probabilities"},
        {"ok": True, "results": [{"n": n, "tags": [{"label": t, "score": 0.3} for t in LABELS]} for n in (1, 0)]},
    ),
    "tags": (
        {"items": "results", "path": "tags", "kind": "tags", "scale": "percent", "open_vocabulary": True},
        {"ok": True, "results": [{"tags": [{"label": "a", "score": 99}]}, {"tags": []}]},
    ),
    "mapping": (
        {"items": "results", "path": "@", "shape": "mapping", "kind": "top_k", "top_k": 2, "repeated": "add"},
        {"ok": True, "results": [{"a": 0.5, "b": 0.25}, {"c": 1.0}]},
    ),
    "letters": (
        {"items": "results", "path": "@", "shape": "mapping", "names": "letter", "kind": "logits", "scale": "log"},
        {"ok": True, "results": [{"A": -1, "B": -2, "C": -3}] * 2},
    ),
    "vector": (
        {"items": "results", "path": "@", "shape": "vector", "kind": "logits"},
        {"ok": True, "results": [[0.5, 1, -3], [1, 2, 3]]},
    ),
    "label": (
        {"items": "results", "path": "label", "shape": "label", "kind": "label"},
        {"ok": True, "results": [{"label": "a"}, {"label": "b"}]},
    ),
    "embedding": (
        {"items": "results", "path": "v", "shape": "embedding", "kind": "similarity"},
        {"ok": True, "results": [{"v": [1, 0]}, {"v": [0.5, 0.5]}]},
    ),
}
TEXTS_ANSWER = {"ok": True, "results": [{"v": [1, 0]}, {"v": [0.5, 0.5]}, {"v": [0, 1]}]}
"""What is answered for the labels' texts, where an adapter asks for their vectors."""
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "date", "location", JSON_SIZE]),
    st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
        st.sampled_from(["1e400", "nan", "-1", "9" * 400, "1h2m3s", "Wed, 21 Oct 2015 07:28:00 GMT", "1" * 5000]),
    ),
    max_size=3,
)
STATUSES = st.sampled_from([*[200] * 20, 201, 204, 301, 400, 401, 404, 429, 500, 503])
Answer = tuple[int, dict[str, str], bytes]


def documented(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An adapter's file with this ``[answer]``."""
    embedding = answer.get("shape") == "embedding"
    labels = {"labels": {"json": {"texts": "{texts}"}, "items": "results", "path": "v"}} if embedding else {}
    return {
        "adapter": {"name": "fuzz"},
        "options": {"url": {"default": URL}},
        "request": {"url": "{url}/x", "json": {"images": {"each_image": "{image}"}}},
        "image": {"size": [2, 3]},
        "batch": {"max": 4},
        "answer": dict(answer),
        "errors": {"ok": "ok", "item": "error", "code": "error.code", "message": "error.message", "wait_s": "wait"},
        **labels,
    }


def answers(shape: str) -> st.SearchStrategy[Answer]:
    """What a service may answer to a file of this shape: a body near the right one, any JSON, any bytes."""
    right = SHAPES[shape][1]
    bodies = st.one_of(*[mutated(right).map(dumped)] * 4, VALUES.map(dumped), st.binary(max_size=64), DEEP)
    return st.tuples(STATUSES, HEADERS, bodies)


def refuses_answer(shape: str, answer: Answer) -> bool:
    """Read an answer to an adapter's file; whether it is refused."""
    return refused(lambda: _declared(shape, answer).query(IMAGES))


def _declared(shape: str, answer: Answer) -> DeclarativeOracle:
    adapter = parse_adapter(documented(SHAPES[shape][0]), where="fuzz.toml")
    return open_adapter(adapter, {"labels": LABELS}, transport=network(answer))


def network(answer: Answer) -> httpx.MockTransport:
    status, headers, body = answer

    def reply(request: httpx.Request) -> httpx.Response:
        if request.content.startswith(b'{"texts"'):
            return httpx.Response(200, json=TEXTS_ANSWER)
        return httpx.Response(status, headers=headers, content=body)

    return httpx.MockTransport(reply)


def refused(work: Callable[[], object]) -> bool:
    try:
        work()
    except BbpromptError as error:
        said = str(error)
    else:
        return False
    assert said.isprintable(), f"more than one line: {said!r}"
    assert len(said) < LONGEST, f"{len(said)} characters: {said!r}"
    return True


# ---- answers of Open Inference

OUTPUT = {"name": "y", "shape": [2, 3], "datatype": "FP32", "data": [[0.5, 0.25, 0.25], [1, 0, 0]]}
SIZES = st.one_of(st.integers(0, 4), st.sampled_from([2**31, 2**62, 2**63, 10**30, -1]))
OUTPUTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["y", "y", "z"]), "shape": st.one_of(st.just([2, 3]), st.lists(SIZES, max_size=9))},
    optional={
        "datatype": st.sampled_from([*["FP32"] * 4, "FP64", "FP16", "INT64", "UINT8", "BYTES", "?"]),
        "data": st.one_of(mutated(OUTPUT["data"]), VALUES),
        "parameters": st.dictionaries(
            st.just("binary_data_size"), st.one_of(SIZES, SCALARS, st.just(24)), max_size=1
        ),
    },
)
MESSAGES = st.one_of(
    mutated({"model_name": "m", "outputs": [OUTPUT]}),
    st.fixed_dictionaries({"outputs": st.lists(OUTPUTS, max_size=3)}),
)


@st.composite
def tensor_answers(draw: st.DrawFn) -> Answer:
    """What an Open Inference server may answer: JSON, and bytes behind it whose length may be told rightly."""
    head = draw(st.one_of(*[MESSAGES.map(dumped)] * 4, st.binary(max_size=64), DEEP))
    tail = draw(st.one_of(st.just(b""), st.just(bytes(24)), st.binary(max_size=48)))
    headers = draw(HEADERS)
    if draw(st.booleans()):
        headers[JSON_SIZE] = str(len(head))
    return draw(STATUSES), headers, head + tail


def refuses_tensors(answer: Answer) -> bool:
    """Read an answer of an Open Inference server; whether it is refused."""
    return refused(lambda: _served(answer).query(IMAGES))


def _served(answer: Answer) -> OpenInferenceOracle:
    model = {
        "name": "m",
        "inputs": [{"name": "x", "datatype": "UINT8", "shape": [-1, 2, 3, 3]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}],
    }
    about = {"/v2": {"name": "s", "extensions": ["binary_tensor_data"]}, "/v2/models/m": {"platform": "p", **model}}

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path in about:
            return httpx.Response(200, json=about[request.url.path])
        return httpx.Response(answer[0], headers=answer[1], content=answer[2])

    options = {"url": URL, "model": "m", "answer": "similarity", "labels": LABELS}
    return open_inference(options, transport=httpx.MockTransport(reply))
