"""Weights of local models: from a file, or from a hub that may not be there; and the names of their labels."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError
from bbprompt.names import unknown
from bbprompt.registry import needs_extra

with needs_extra("torch"):
    import torch
    from torch import nn

NESTED = ("state_dict", "model", "model_state_dict", "state_dict_ema")
"""Where training scripts keep the weights in a checkpoint."""


def local_file(weights: str | None) -> Path | None:
    """Return ``weights`` as the path of a file, if it is one or looks like one; else it is a hub's tag.

    Raises:
        ConfigError: it looks like a path, and there is no such file.
    """
    if weights is None:
        return None
    path = Path(weights).expanduser()
    if path.is_file():
        return path
    if path.suffix in (".pt", ".pth", ".th", ".bin", ".safetensors", ".npz") or "/" in weights:
        raise ConfigError(f"no file {path}; correct [oracle] weights, or give a hub's tag instead of a path")
    return None


@contextmanager
def from_hub(what: str) -> Iterator[None]:
    """Wrap a download: where there is no hub, say in one line what to do.

    Raises:
        ConfigError: the weights cannot be had from here.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise ConfigError(
            f"the weights of {what} cannot be fetched from here ({reason}); download them where there is a network, "
            "and give [oracle] weights the path of the file"
        ) from error


def load_into(module: nn.Module, path: Path) -> None:
    """Load a checkpoint of plain weights, torch's or safetensors, into ``module``. Every key must fit.

    Raises:
        ConfigError: the file cannot be read, or belongs to another architecture.
    """
    state = read_state_dict(path)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:160]
        raise ConfigError(f"{path} holds the weights of another architecture ({problem}...); name it") from error


def read_state_dict(path: Path) -> dict[str, Any]:
    """Read weights by name, without running anything that the file may hold; "module." prefixes are dropped.

    Raises:
        ConfigError: it is missing, or no checkpoint of plain weights.
    """
    try:
        found = _read(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}; correct [oracle] weights") from error
    except (pickle.UnpicklingError, struct.error, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ConfigError(f"{path} is no checkpoint of plain weights; save it as a state_dict") from error
    for key in NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ConfigError(f"{path} holds no weights by name; save the model's state_dict")
    return {key.removeprefix("module."): value for key, value in found.items()}


def _read(path: Path) -> Any:
    if path.suffix != ".safetensors":
        return torch.load(path, map_location="cpu", weights_only=True)
    with needs_extra("timm"):
        from safetensors.torch import load_file
    return load_file(path)


def read_labels(path: str, k: int) -> list[str]:
    """Read k label names: a JSON list, or one a line.

    Raises:
        ConfigError: the file cannot be read, or holds another number of them.
    """
    file = Path(path).expanduser()
    try:
        text = file.read_text(TEXT)
        labels = json.loads(text) if file.suffix == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read label names from {file}: {error}; correct [oracle] labels") from error
    if not isinstance(labels, list) or len(labels) != k:
        got = f"{len(labels)} of them" if isinstance(labels, list) else type(labels).__name__
        raise ConfigError(
            f"{file} must hold the {k} label names of the model, a JSON list or one a line, got {got}"
        )
    return [str(label) for label in labels]


def numbered(k: int) -> list[str]:
    """Names for labels that have none."""
    return [f"label {i}" for i in range(k)]


def check_known(what: str, name: str, known: Sequence[str]) -> None:
    """Refuse a name that the library does not know.

    Raises:
        ConfigError: the message names the nearest one, not all of hundreds.
    """
    if name not in known:
        error = str(unknown(what, name, known))
        raise ConfigError(f"{error.partition(' known: ')[0].rstrip('; ')}; {len(known)} are known")
