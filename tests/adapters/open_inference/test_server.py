"""The server's answers to good and bad requests, without a network."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import numpy as np
import pytest

from bbprompt.errors import AnswerError, ConfigError, OracleError
from bbprompt.oracle import Answer
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.messages import JSON_SIZE, decode_response, encode_request
from bbprompt_adapters.open_inference.server import make_app, serve
from bbprompt_adapters.open_inference.tensors import Tensor

from .fakes import SIZE, URL, Brightness, images, through

INFER = f"{URL}/v2/models/brightness/infer"


@pytest.fixture
def client() -> httpx.Client:
    return httpx.Client(transport=through(Brightness()))


def test_says_that_it_lives_and_what_it_serves(client: httpx.Client) -> None:
    assert client.get(f"{URL}/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get(f"{URL}/v2/health/live").json() == {"live": True}
    assert client.get(f"{URL}/v2/health/ready").json() == {"ready": True}
    assert client.get(f"{URL}/v2/models/brightness/ready").json() == {"name": "brightness", "ready": True}
    about = client.get(f"{URL}/v2/models/brightness").json()
    assert about["versions"] == ["v7"]
    assert about["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, *SIZE, 3]}]
    assert about["outputs"] == [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}]


def test_id_and_model_come_back(client: httpx.Client) -> None:
    head = {"id": "42", "inputs": [_json_input(images(1))]}
    answer = client.post(INFER, content=json.dumps(head)).json()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("42", "brightness", "v7")


@pytest.mark.parametrize("binary", [False, True])
def test_scores_are_the_oracles(client: httpx.Client, binary: bool) -> None:
    given = images(3)
    body = encode_request(Tensor("image", given), output="scores", binary=binary)
    answer = client.post(INFER, content=body.content, headers=body.headers)
    (scores,) = decode_response(answer.content, answer.headers.get(JSON_SIZE))
    assert (JSON_SIZE in answer.headers) is binary
    assert scores.values.tobytes() == Brightness().query(given).values.tobytes()


@pytest.mark.parametrize(
    ("tensor", "output", "message"),
    [
        (Tensor("image", images(5)), "scores", "a request takes 1 to 4 images, got 5"),
        (Tensor("image", images(0)), "scores", "a request takes 1 to 4 images, got 0"),
        (Tensor("image", images(1)[:, 1:]), "scores", "images must have shape (n, 4, 6, 3)"),
        (Tensor("image", images(1)[0]), "scores", "images must have shape (n, 4, 6, 3)"),
        (
            Tensor("image", images(1).astype(np.float32)),
            "scores",
            "expected one input, image UINT8, got image FP32",
        ),
        (Tensor("x", images(1)), "scores", "expected one input, image UINT8, got x UINT8"),
        (Tensor("image", images(1)), "logits", "unknown output 'logits'; known: scores"),
    ],
)
def test_refuses_wrong_images_with_400(client: httpx.Client, tensor: Tensor, output: str, message: str) -> None:
    body = encode_request(tensor, output=output, binary=True)
    answer = client.post(INFER, content=body.content, headers=body.headers)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_refuses_damaged_bodies_with_400(client: httpx.Client) -> None:
    body = encode_request(Tensor("image", images(1)), output="scores", binary=True)
    truncated = client.post(INFER, content=body.content[:-9], headers=body.headers)
    malformed = client.post(INFER, content=body.content, headers=body.headers | {JSON_SIZE: "many"})
    for answer, message in ((truncated, "72 bytes announced, 63 left"), (malformed, "must be 0 to")):
        assert answer.status_code == 400
        assert message in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v2/models/other", {}, 404),
        ("POST", "/v2/models/other/infer", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/v2/models/brightness/infer", {}, 405),
        ("POST", "/v2/models/brightness/infer", {"content-encoding": "gzip"}, 415),
    ],
)
def test_refuses_the_rest_as_json(
    client: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.request(method, URL + path, headers=headers)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]


def test_refuses_a_body_larger_than_any_request(client: httpx.Client) -> None:
    assert client.post(INFER, content=b" " * 10**6).status_code == 413


@pytest.mark.parametrize(
    ("error", "status"),
    [(AnswerError("NaN"), 500), (OracleError("busy", retryable=True), 503), (ZeroDivisionError("secret"), 500)],
)
def test_a_failing_oracle_is_the_servers_fault(error: Exception, status: int) -> None:
    client = httpx.Client(transport=through(Brightness(fails_with=error)))
    answer = client.post(INFER, content=json.dumps({"inputs": [_json_input(images(1))]}))
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_refuses_answers_with_gaps() -> None:
    oracle = Brightness()
    oracle.spec = replace(oracle.spec, answer=Answer.TOP_K, top_k=2)
    with pytest.raises(ConfigError, match="top_k cannot be served"):
        make_app(oracle)


def test_a_port_that_cannot_be_had_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}; choose another port, or 0"):
            serve(Brightness(), host="127.0.0.1", port=port, on_ready=print)


def _json_input(pixels: np.ndarray) -> dict[str, object]:
    return {"name": "image", "datatype": "UINT8", "shape": list(pixels.shape), "data": pixels.tolist()}
