"""What servers do that their documents do not say, and what becomes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.errors import OracleError
from bbprompt.wrappers import Counters, Retrying
from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.client import open_oracle
from bbprompt_adapters.open_inference.messages import JSON_SIZE
from tests.servers.model.network import Network
from tests.servers.process import Running
from tests.servers.task import ask_directly, read_run


def about(name: str) -> Any:
    """The server that a test is about."""
    return pytest.mark.parametrize(
        "server", [pytest.param(name, marks=pytest.mark.xdist_group(name))], indirect=True
    )


def options(server: Running, **changes: object) -> dict[str, object]:
    """Its ``[oracle]``, as an adapter gets it."""
    table = {**read_run(server)["oracle"], **changes}
    table.pop("adapter")
    return table


def images(count: int, size: int = 64) -> UInt8:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


class Watched(httpx.BaseTransport):
    """The network; keeps what went over it, and may change what was signed."""

    def __init__(self, *, without: str = "", broken: bool = False) -> None:
        self._network = httpx.HTTPTransport()
        self._without, self._broken = without, broken
        self.posted: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._network.handle_request(self._changed(request))
        if request.method == "POST":
            self.posted.append((request, response))
        elif self._without and request.url.path == "/v2":
            response.read()
            told = response.json()
            told["extensions"].remove(self._without)
            return httpx.Response(200, json=told)
        return response

    def _changed(self, request: httpx.Request) -> httpx.Request:
        if not self._broken:
            return request
        content = request.content.replace(b'"MaxLabels":1000', b'"MaxLabels":1001')
        assert content != request.content
        return httpx.Request(request.method, request.url, headers=request.headers, content=content)

    def close(self) -> None:
        self._network.close()


@about("pytriton")
def test_triton_is_asked_for_its_maximum_batch_and_speaks_binary_and_gzip(server: Running, weights: Path) -> None:
    given = images(8)
    binary, plain = Watched(), Watched(without="binary_tensor_data")
    oracle, in_json = (open_oracle(options(server), transport=way) for way in (binary, plain))
    assert oracle.spec.max_batch == 8
    scores = oracle.query(given).values
    assert in_json.query(given).values.tobytes() == scores.tobytes()
    np.testing.assert_allclose(scores, ask_directly(Network(weights), given), atol=1e-5)
    (request, response), (json_request, json_response) = binary.posted[0], plain.posted[0]
    assert JSON_SIZE in request.headers
    assert JSON_SIZE in response.headers
    assert response.headers["content-encoding"] == "gzip"
    assert JSON_SIZE not in json_request.headers
    assert JSON_SIZE not in json_response.headers


@about("mlserver")
def test_mlserver_is_not_sent_the_bytes_that_it_cannot_read(server: Running) -> None:
    way = Watched()
    open_oracle(options(server), transport=way).query(images(2))
    assert JSON_SIZE not in way.posted[0][0].headers


@about("kserve")
def test_kserve_answers_the_same_in_both_of_its_protocols(server: Running, weights: Path) -> None:
    given, way = images(2), Watched()
    v1 = open_vendor("kserve-v1", options(server)).query(given).values
    table = options(server)
    table.pop("input_size")
    v2 = open_oracle(table, transport=way).query(given).values
    assert JSON_SIZE not in way.posted[0][0].headers
    for scores in (v1, v2):
        np.testing.assert_allclose(scores, ask_directly(Network(weights), given), atol=1e-5)


@about("cog")
def test_a_busy_cog_is_asked_again_and_costs_nothing_meanwhile(server: Running, weights: Path) -> None:
    given, counters = images(12), Counters()
    busy = open_vendor("cog", options(server, max_in_flight=4))
    oracle = Retrying(busy, counters=counters, attempts=50, first_wait_s=0.05, longest_wait_s=0.2)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda i: oracle.query(given[i : i + 1]).values, range(len(given))))
    assert counters.retries > 0
    np.testing.assert_allclose(np.concatenate(rows), ask_directly(Network(weights), given), atol=1e-5)
    with ThreadPoolExecutor(4) as pool:
        refused = [error for error in pool.map(lambda _: failure(busy, given[:1]), range(8)) if error]
    assert refused
    assert all((error.retryable, error.billed) == (True, False) for error in refused)


def failure(oracle: Any, given: UInt8) -> OracleError | None:
    try:
        oracle.query(given)
    except OracleError as error:
        return error
    return None


@about("cog")
def test_a_failed_prediction_is_one_though_its_status_is_200(server: Running) -> None:
    way = Watched()
    oracle = Retrying(open_vendor("cog", options(server, image_input="photo"), transport=way), first_wait_s=0.05)
    with pytest.raises(OracleError, match="photo") as caught:
        oracle.query(images(1))
    assert way.posted[-1][1].status_code == 200
    assert "\n" not in str(caught.value)
    assert caught.value.billed


@about("torchserve")
def test_torchserve_names_no_content_type_and_is_read(server: Running) -> None:
    way = Watched()
    open_vendor("torchserve", options(server), transport=way).query(images(1))
    assert "content-type" not in way.posted[0][1].headers


@about("torchserve")
def test_a_model_that_torchserve_lacks_is_named_and_free(server: Running) -> None:
    with pytest.raises(OracleError, match="Model not found: letters") as caught:
        open_vendor("torchserve", options(server, model="letters")).query(images(1))
    assert (caught.value.billed, caught.value.retryable) == (False, False)


@about("moto")
def test_a_signature_is_accepted_and_a_changed_byte_refused(server: Running) -> None:
    assert open_vendor("rekognition-labels", options(server)).query(images(1, 80)).values.max() > 0
    with pytest.raises(OracleError, match=r"answered 403 .*SignatureDoesNotMatch") as caught:
        open_vendor("rekognition-labels", options(server), transport=Watched(broken=True)).query(images(1, 80))
    assert (caught.value.billed, caught.value.retryable) == (False, False)


@about("moto")
def test_a_wrong_key_is_refused_and_not_shown(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-user")
    with pytest.raises(OracleError, match=r"answered 403 .*SignatureDoesNotMatch") as caught:
        open_vendor("rekognition-labels", options(server)).query(images(1, 80))
    assert "not-the-secret" not in str(caught.value)
    assert "key_env" not in str(caught.value)
