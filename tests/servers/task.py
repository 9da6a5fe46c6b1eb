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
from bbprompt.overlay import Overlay
from tests.servers.catalogue import HERE
from tests.servers.model.network import Network, shrunk
from tests.servers.process import Running

RUN = HERE / "run.toml"
TASK = "task.npz"


def read_run(server: Running) -> dict[str, Any]:
    """Return the run file for a server."""
    own = (server.server.folder / "oracle.toml").read_text("utf-8").replace("http://127.0.0.1:PORT", server.url)
    return {**tomllib.loads(RUN.read_text("utf-8")), **tomllib.loads(own)}


def write_run(document: dict[str, Any], folder: Path, *, task: Path) -> None:
    """Put a run file and the files that it names into ``folder``, where the run has to be started."""
    (folder / "run.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    (folder / TASK).hardlink_to(task)
    shutil.copy(HERE / "litserve" / "adapter.toml", folder)


def score_directly(task: Path, weights: Path, overlay: Overlay | None, *, count: int) -> float:
    """Return the accuracy on images that no run has seen, prompted or not, with no server in between."""
    with np.load(task) as file:
        images, digits = file["x_unseen"][:count], file["y_unseen"][:count]
    if overlay is not None:
        images = overlay.apply(overlay.template.prepare(images))
    return float((ask_directly(Network(weights), images).argmax(axis=1) == digits).mean())


def ask_directly(network: Network, images: UInt8) -> Float:
    """Return what the model says without a server in between: float (n, 10)."""
    return network(np.stack([np.asarray(shrunk(Image.fromarray(image))) for image in images]))
