"""Real weights behind a real server in a process of its own, asked over a real network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError, DataError, OracleError
from bbprompt.oracle import Oracle
from bbprompt.registry import open_oracle
from bbprompt.testing.oracles import check_oracle
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.open_inference.client import OpenInferenceOracle
from bbprompt_adapters.open_inference.client import open_oracle as connect
from bbprompt_adapters.open_inference.process import ServerProcess

MODEL = "efficientnet-lite0"
OPTIONS: dict[str, object] = {"input_size": 64, "answer": "probabilities", "device": "cpu"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ServerProcess(MODEL, OPTIONS) as server:
        yield server.url


@pytest.fixture(scope="module")
def local() -> Oracle:
    return open_oracle(MODEL, OPTIONS)


@pytest.fixture
def remote(url: str) -> OpenInferenceOracle:
    return connect({"url": url, "model": MODEL, "max_in_flight": 8})


def images(n: int) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)


def test_conforms(remote: OpenInferenceOracle) -> None:
    check_oracle(remote, tolerance=0)


@pytest.mark.parametrize("binary", [True, False])
def test_scores_are_those_of_the_local_model_to_the_last_bit(url: str, local: Oracle, binary: bool) -> None:
    remote = connect({"url": url, "model": MODEL}, transport=None if binary else WithoutExtensions())
    assert remote.spec.name == local.spec.name
    assert remote.spec.labels == local.spec.labels
    given = images(20)
    assert remote.query(given).values.tobytes() == local.query(given).values.tobytes()


def test_answers_keep_to_their_requests_under_concurrency(remote: OpenInferenceOracle, local: Oracle) -> None:
    given = images(32)
    expected = local.query(given).values
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda i: remote.query(given[i : i + 1]).values, range(32)))
    assert np.concatenate(got).tobytes() == expected.tobytes()


def test_wrong_images_are_not_sent(remote: OpenInferenceOracle) -> None:
    for wrong in (images(1)[:, 1:], images(remote.spec.max_batch + 1)):
        with pytest.raises(DataError):
            remote.query(wrong)


def test_a_server_that_went_away_is_one_line_and_free() -> None:
    with ServerProcess(MODEL, OPTIONS) as server:
        remote = connect({"url": server.url, "model": MODEL})
        remote.query(images(1))
    with pytest.raises(OracleError, match=r"no server answers at .*; start it with") as caught:
        remote.query(images(1))
    assert (caught.value.billed, caught.value.retryable) == (False, True)
    assert "\n" not in str(caught.value)


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(ConfigError, match=r"did not start: .*unknown key 'input_siz'; did you mean"):
        ServerProcess(MODEL, {"input_siz": 64}).__enter__()


def test_the_server_ends_though_its_parent_was_killed() -> None:
    parent = (
        "import time; from bbprompt_adapters.open_inference.process import ServerProcess\n"
        f"with ServerProcess({MODEL!r}, {OPTIONS!r}) as server:\n"
        "    print(server.url, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/v2/health/live").json() == {"live": True}
        os.kill(process.pid, signal.SIGKILL)
    assert _goes_away(url)


def _goes_away(url: str, *, within_s: float = 20.0) -> bool:
    address = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            return True
        time.sleep(0.1)
    return False


class WithoutExtensions(httpx.HTTPTransport):
    """The network, with a server that claims to know JSON only."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2":
            return httpx.Response(200, json={"name": "plain", "extensions": []})
        assert "inference-header-content-length" not in request.headers
        return super().handle_request(request)
