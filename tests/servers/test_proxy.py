"""Official clients, unmodified, through a real proxy before a real server: the answers are those of prompting locally."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from bbprompt.arrays import UInt8
from bbprompt.oracle import Oracle
from bbprompt.overlay import Overlay, OverlayMeta, write_overlay
from bbprompt.registry import open_oracle
from bbprompt.templates import make_template
from bbprompt_adapters.open_inference.process import ServerProcess

MODEL = "efficientnet-lite0"
OPTIONS: dict[str, object] = {"input_size": 64, "answer": "probabilities", "device": "cpu"}
SOURCES = [5, 900, 33]


def overlay() -> Overlay:
    template = make_template("padding", canvas=(64, 64), blend="add", size=12)
    levels = np.random.default_rng(3).integers(-60, 61, (64, 64, 3)) * template.mask[..., None]
    label_map = {"name": "given", "indices": SOURCES, "width": 1000}
    return Overlay(template, levels, OverlayMeta(oracle="o", classes=("a", "b", "c"), label_map=label_map))


def images(n: int) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)


@contextmanager
def proxy(folder: Path, upstream: str, *arguments: str) -> Iterator[str]:
    """The command itself, in a process of its own; its address."""
    write_overlay(folder / "prompt.png", overlay())
    command = [sys.executable, "-m", "bbprompt", "proxy", str(folder / "prompt.png"), "--upstream", upstream]
    with subprocess.Popen([*command, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()  # an interrupt that comes while Python starts a loop may be lost


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


class Classifier(BaseHTTPRequestHandler):
    """What Hugging Face's image-classification answers, of the image that came; it keeps the bodies."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        content = json.dumps([{"label": "tabby", "score": 0.75}]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def classifier() -> Iterator[tuple[str, Sequence[bytes]]]:
    handler = type("Kept", (Classifier,), {"bodies": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.bodies  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_huggingface_hub_sends_a_prompted_image_and_reads_the_answer(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is installed by `make test-tools`")
    Image.fromarray(images(1)[0]).save(tmp_path / "photo.png")
    with (
        classifier() as (upstream, bodies),
        proxy(tmp_path, upstream, "--adapter", "generic", "--labels", "pass") as url,
    ):
        client = hub.InferenceClient(model=f"{url}/models/x", token="secret")
        answer = client.image_classification(str(tmp_path / "photo.png"))
    assert [(item.label, item.score) for item in answer] == [("tabby", 0.75)]
    (body,) = bodies
    np.testing.assert_array_equal(sent_pixels(body), overlay().apply(images(1))[0])


def sent_pixels(body: bytes) -> UInt8:
    """Of a raw body, or of base64 in JSON: which one depends on the client's version."""
    data = body if body.startswith(b"\x89PNG") else base64.b64decode(json.loads(body)["inputs"])
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)
