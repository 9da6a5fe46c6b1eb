"""Real servers on loopback in the place of those that pages speak of, and a folder of photos."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.oracle import Oracle
from tests.docs.player import Player
from tests.run.conftest import Digits


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's folder: empty but for ``photos/``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 30, 40, 3), dtype=np.uint8)
    (tmp_path / "photos").mkdir()
    for name, image in zip(("cat.png", "dog.png"), pixels, strict=True):
        Image.fromarray(image).save(tmp_path / "photos" / name)
    return tmp_path


@contextmanager
def served(oracle: Oracle) -> Iterator[str]:
    """Serve ``oracle`` by the Open Inference Protocol while the block runs; gives the URL."""
    uvicorn = pytest.importorskip("uvicorn")
    from bbprompt_adapters.open_inference.server import make_app

    server = uvicorn.Server(uvicorn.Config(make_app(oracle), log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def player(photos: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Player:
    """Plays in the reader's folder; ``here`` says what else is here than on the page."""
    return Player(capfd, monkeypatch, {})


def lite0() -> Digits:
    """What the pages call efficientnet-lite0: of the same shape to a client, for a thousandth of the work."""
    oracle = Digits()
    oracle.spec = replace(oracle.spec, name="efficientnet-lite0@0123456789ab", max_batch=64)
    return oracle
