"""The oracle that speaks the protocol: what it learns from a server, what it sends, and how it takes bad answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bbprompt.errors import AnswerError, ConfigError, DataError, OracleError
from bbprompt.oracle import Answer
from bbprompt.testing.oracles import check_oracle
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.client import open_oracle
from bbprompt_adapters.open_inference.messages import JSON_SIZE, WireResponse, decode_request, encode_response
from bbprompt_adapters.open_inference.tensors import Tensor

from .fakes import SIZE, URL, Brightness, foreign, images, scores_json, through

OPTIONS: dict[str, object] = {"url": URL, "model": "m", "answer": "similarity"}


def red(_request: httpx.Request) -> httpx.Response:
    return scores_json([1, 0, 0], (1, 3))


def test_conforms_against_our_own_server() -> None:
    oracle = open_oracle({"url": URL, "model": "brightness", "max_in_flight": 1}, transport=through(Brightness()))
    check_oracle(oracle, tolerance=0)


def test_believes_our_own_server() -> None:
    spec = open_oracle({"url": URL, "model": "brightness"}, transport=through(Brightness())).spec
    own = Brightness().spec
    assert (spec.name, spec.labels, spec.answer, spec.max_batch) == (
        own.name,
        own.labels,
        own.answer,
        own.max_batch,
    )
    assert spec.usd_per_query is None


def test_falls_back_where_a_foreign_server_says_little() -> None:
    spec = open_oracle({"url": URL + "/", "model": "m"}, transport=foreign(red)).spec
    assert spec.name == f"{URL} m -"
    assert (spec.input_size, spec.labels) == (SIZE, ("class_0", "class_1", "class_2"))
    assert (spec.answer, spec.max_batch) == (Answer.PROBABILITIES, 16)


def test_name_tells_servers_models_and_versions_apart() -> None:
    server = foreign(red, more={"versions": ["1", "2"], "parameters": {"content_type": "np"}})
    assert open_oracle(OPTIONS, transport=server).spec.name == f"{URL} m 2"
    assert open_oracle(OPTIONS | {"identity": "mine"}, transport=server).spec.name == "mine"


def test_labels_from_a_file(tmp_path: Path) -> None:
    lines, listed = tmp_path / "labels.txt", tmp_path / "labels.json"
    lines.write_text("red\ngreen\nblue\n", encoding="utf-8")
    listed.write_text('["red", "green", "blue"]', encoding="utf-8")
    for path in (lines, listed):
        assert open_oracle(OPTIONS | {"labels": str(path)}, transport=foreign(red)).spec.labels[2] == "blue"


@pytest.mark.parametrize("datatype", ["FP32", "FP16"])
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_floats_are_normalised_and_laid_out_as_the_model_wants(
    datatype: str, channels_last: bool, binary: bool
) -> None:
    seen: list[Tensor] = []

    def infer(request: httpx.Request) -> httpx.Response:
        assert (JSON_SIZE in request.headers) is binary
        seen.extend(decode_request(request.content, request.headers.get(JSON_SIZE))[1])
        return scores_json([1, 0, 0] * 2, (2, 3))

    server = foreign(
        infer,
        datatype=datatype,
        shape=(-1, *SIZE, 3) if channels_last else (-1, 3, *SIZE),
        extensions=("binary_tensor_data",) if binary else (),
    )
    given, mean, std = images(2), [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]
    open_oracle(OPTIONS | {"mean": mean, "std": std}, transport=server).query(given)
    expected = (given / 255 - mean) / std
    assert seen[0].datatype == datatype
    got = seen[0].values if channels_last else seen[0].values.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(got, expected, rtol=1e-5 if datatype == "FP32" else 1e-2, atol=1e-3)


@pytest.mark.parametrize("binary_request", [True, False])
@pytest.mark.parametrize("binary_answer", [True, False])
def test_answers_are_read_by_their_own_headers(binary_request: bool, binary_answer: bool) -> None:
    values = np.array([[0.1, 0.2, 0.7]], np.float64)

    def infer(_request: httpx.Request) -> httpx.Response:
        body = encode_response(WireResponse([]), [(Tensor("y", values), binary_answer)])
        return httpx.Response(200, content=body.content, headers=body.headers)

    extensions = ("binary_tensor_data",) if binary_request else ()
    scores = open_oracle(OPTIONS, transport=foreign(infer, extensions=extensions)).query(images(1))
    np.testing.assert_array_equal(scores.values, values.astype(np.float32))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(200, text="<html>hello</html>"), "something else than scores: not the JSON"),
        (httpx.Response(200, content=b""), "something else than scores"),
        (httpx.Response(200, content=b"x" * 200_000), "more than the 100192 bytes"),
        (httpx.Response(200, json={"outputs": []}), "answered the outputs none; expected 'y'"),
        (scores_json([1, 0], (1, 2)), r"scores of shape \(1, 2\), expected \(1, 3\)"),
        (scores_json([1, 0, 0] * 2, (2, 3)), r"scores of shape \(2, 3\), expected \(1, 3\)"),
        (scores_json([1, 0, None], (1, 3)), "no array of FP32"),
        (scores_json([1, 0, 1e300], (1, 3)), "NaN or infinity for image 0"),
        (scores_json([1, 0, 1e300], (1, 3), datatype="FP64"), "NaN or infinity for image 0"),
        (
            httpx.Response(200, stream=httpx.ByteStream(b"no gzip"), headers={"content-encoding": "gzip"}),
            "cannot be decompressed",
        ),
    ],
)
def test_garbage_is_an_answer_error_and_paid_for(answer: httpx.Response, message: str) -> None:
    oracle = open_oracle(OPTIONS, transport=foreign(lambda _: answer))
    with pytest.raises(AnswerError, match=message) as caught:
        oracle.query(images(1))
    assert caught.value.billed
    assert not caught.value.retryable
    assert "\n" not in str(caught.value)


def test_too_many_images_are_not_sent() -> None:
    oracle = open_oracle(OPTIONS | {"max_batch": 2}, transport=foreign(red))
    with pytest.raises(DataError, match="a request takes 1 to 2 images, got 3; split them"):
        oracle.query(images(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modle": "m"}, r"\[oracle\] has an unknown key 'modle'; did you mean 'model'\?"),
        ({"url": "model.test"}, r"expected http://HOST:PORT without a password, got 'model.test'"),
        ({"url": "http://me:secret@model.test"}, "without a password"),
        ({"url": "http://[::1"}, "is no URL"),
        ({"timeout_s": 0}, r"timeout_s: expected float > 0"),
        ({"labels": ["a", "b"]}, "answers 3 columns, got 2 labels"),
        ({"labels": "no/such/file"}, "cannot read the file 'no/such/file'"),
        ({"input_size": 224}, "takes 4 x 6 pixels, got 224; leave it out"),
        ({"mean": 0.5}, "wants bytes, which are sent as they are"),
        ({"std": [1, 0, 1]}, "std: must not be 0"),
        ({"output": "z"}, "say which output of 'm' holds the scores; known: y"),
        ({"key_env": "BBPROMPT_TEST_NO_SUCH_KEY"}, "set the environment variable 'BBPROMPT_TEST_NO_SUCH_KEY'"),
    ],
)
def test_refuses_options_in_one_line(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        open_oracle(OPTIONS | change, transport=foreign(red))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (lambda: foreign(red, shape=(-1, 10)), r"takes x UINT8 \[-1, 10\]; expected one input of shape"),
        (lambda: foreign(red, datatype="BYTES"), "wants BYTES; images can be sent as UINT8, FP16 or FP32"),
        (lambda: foreign(red, shape=(8, *SIZE, 3)), "wants exactly 8 images"),
        (lambda: foreign(red, shape=(-1, -1, -1, 3)), "takes any size; say which"),
        (lambda: foreign(red, width=-1), "any number of columns, got 0 labels"),
        (lambda: foreign(red, more={"inputs": []}), "takes none; expected one input"),
    ],
)
def test_refuses_models_that_take_something_else(server: Callable[[], httpx.MockTransport], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_oracle(OPTIONS, transport=server())


def test_a_model_of_any_size_takes_the_size_given() -> None:
    server = foreign(red, shape=(1, -1, -1, 3))
    spec = open_oracle(OPTIONS | {"input_size": [5, 7]}, transport=server).spec
    assert (spec.input_size, spec.max_batch) == ((5, 7), 1)


def test_an_unknown_model_names_it() -> None:
    with pytest.raises(OracleError, match=r"cannot open the model 'm'.*known: brightness") as caught:
        open_oracle(OPTIONS, transport=through(Brightness()))
    assert (caught.value.billed, caught.value.retryable) == (False, False)


def test_a_web_site_is_no_model_server() -> None:
    site = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>Welcome</html>"))
    with pytest.raises(AnswerError, match="does not speak the Open Inference Protocol v2") as caught:
        open_oracle(OPTIONS, transport=site)
    assert not caught.value.billed


def test_without_server_metadata_tensors_go_as_json() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v2":
                return httpx.Response(404)
            case "/v2/models/m":
                shape = {"name": "x", "datatype": "UINT8", "shape": [-1, *SIZE, 3]}
                output = {"name": "y", "datatype": "FP32", "shape": [-1, 3]}
                return httpx.Response(200, json={"name": "m", "inputs": [shape], "outputs": [output]})
        assert json.loads(request.content)["inputs"][0]["name"] == "x"
        return red(request)

    open_oracle(OPTIONS, transport=httpx.MockTransport(handle)).query(images(1))


def test_a_server_that_tells_its_maximum_batch_is_believed() -> None:
    def told(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v2/models/m/config"
        return httpx.Response(200, json={"name": "m", "platform": "python", "max_batch_size": 8})

    triton = foreign(told, extensions=("model_configuration",))
    assert open_oracle(OPTIONS, transport=triton).spec.max_batch == 8
    assert open_oracle(OPTIONS | {"max_batch": 3}, transport=triton).spec.max_batch == 3
    assert open_oracle(OPTIONS | {"max_batch": 30}, transport=triton).spec.max_batch == 8


def test_a_gate_that_hides_the_configuration_is_no_hindrance() -> None:
    gated = foreign(lambda _: httpx.Response(403), extensions=("model_configuration",))
    assert open_oracle(OPTIONS, transport=gated).spec.max_batch == 16
