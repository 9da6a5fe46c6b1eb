"""A server's run file: its own ``[oracle]``, and the rest, which is the same for all."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from PIL import Image

from bbprompt.arrays import Float, UInt8
from tests.servers.catalogue import HERE
from tests.servers.model.network import Network, shrunk
from tests.servers.process import Running

TASK = "task.npz"


def read_run(server: Running) -> dict[str, Any]:
    """Return the run file for a server."""
    own = (server.server.folder / "oracle.toml").read_text("utf-8").replace("http://127.0.0.1:PORT", server.url)
    return {**tomllib.loads((HERE / "run.toml").read_text("utf-8")), **tomllib.loads(own)}


def write_run(document: dict[str, Any], folder: Path, *, task: Path) -> None:
    """Put a run file and the files that it names into ``folder``, where the run has to be started."""
    (folder / "run.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    (folder / TASK).hardlink_to(task)
    shutil.copy(HERE / "litserve" / "adapter.toml", folder)


def unseen(task: Path, count: int) -> tuple[UInt8, Any]:
    """Return the task's last images, uint8 (count, h, w, 3), and their digits."""
    with np.load(task) as file:
        return file["x"][-count:], file["y"][-count:]


def ask_directly(network: Network, images: UInt8) -> Float:
    """Return what the model says without a server in between: float (n, 10)."""
    return network(np.stack([np.asarray(shrunk(Image.fromarray(image))) for image in images]))
