"""tritonclient, unmodified, through a real proxy before a real server: the answers are those of prompting locally."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from bbprompt.arrays import UInt8
from bbprompt.oracle import Oracle
from bbprompt.registry import open_oracle
from bbprompt_adapters.open_inference.process import ServerProcess
from tests.servers.proxied import SOURCES, images, overlay, proxy

MODEL = "efficientnet-lite0"
OPTIONS: dict[str, object] = {"input_size": 64, "answer": "probabilities", "device": "cpu"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with ServerProcess(MODEL, OPTIONS) as server:
        yield server.url


@pytest.fixture(scope="module")
def local() -> Oracle:
    return open_oracle(MODEL, OPTIONS)


@pytest.fixture(scope="module")
def triton() -> Any:
    return pytest.importorskip("tritonclient.http", reason="tritonclient is installed by `make test-tools`")


def ask_triton(client_module: Any, url: str, pixels: UInt8, *, binary: bool) -> np.ndarray:
    with client_module.InferenceServerClient(url.removeprefix("http://")) as client:
        asked = client_module.InferInput("image", list(pixels.shape), "UINT8")
        asked.set_data_from_numpy(pixels, binary_data=binary)
        wanted = client_module.InferRequestedOutput("scores", binary_data=binary)
        answer: np.ndarray = client.infer(MODEL, [asked], outputs=[wanted]).as_numpy("scores")
    return answer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("binary", [True, False])
def test_tritonclient_gets_the_scores_of_prompted_images(
    triton: Any, tmp_path: Path, upstream: str, local: Oracle, binary: bool
) -> None:
    given = images(4)
    expected = local.query(overlay().apply(given)).values
    with proxy(tmp_path, upstream, "--adapter", "open-inference", "--labels", "pass") as url:
        assert ask_triton(triton, url, given, binary=binary).tobytes() == expected.tobytes()


@pytest.mark.filterwarnings("ignore")
def test_tritonclient_gets_the_classes(triton: Any, tmp_path: Path, upstream: str, local: Oracle) -> None:
    given = images(3)
    expected = softmax(local.query(overlay().apply(given)).log()[:, SOURCES], axis=1).astype(np.float32)
    with proxy(tmp_path, upstream, "--adapter", "open-inference", "--option", "answer=probabilities") as url:
        assert ask_triton(triton, url, given, binary=True).tobytes() == expected.tobytes()


def test_the_own_client_works_as_before(tmp_path: Path, upstream: str, local: Oracle) -> None:
    given = images(20)
    with proxy(tmp_path, upstream, "--adapter", "open-inference", "--labels", "pass") as url:
        remote = open_oracle("open-inference", {"url": url, "model": MODEL})
        assert remote.query(given).values.tobytes() == local.query(overlay().apply(given)).values.tobytes()
