"""One reader in a process of its own: ``drive.py ours`` or ``drive.py reference``. See ``readers.py``."""

from __future__ import annotations

import importlib.util
import io
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bbprompt.errors import UsageError
from bbprompt.overlay import decode_overlay

REFERENCE = Path(__file__).resolve().parents[2] / "examples" / "readers" / "read.py"


def main(which: str) -> None:
    """Answer prompts until standard input ends; an error that is not one of the reader's own ends the process."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    lay = {"ours": _ours, "reference": _reference}[which]()
    while size := sys.stdin.buffer.read(4):
        photo, prompt = _read(size), _read(sys.stdin.buffer.read(4))
        try:
            laid = lay(prompt, np.asarray(Image.open(io.BytesIO(photo))))
            status, answer = 0, laid.tobytes()
        except (UsageError, ValueError) as error:
            status, answer = 1, str(error).encode("utf-8", "replace")
        sys.stdout.buffer.write(struct.pack("<BI", status, len(answer)) + answer)
        sys.stdout.buffer.flush()


def _ours() -> Callable[[bytes, np.ndarray], np.ndarray]:
    return lambda prompt, photo: decode_overlay(prompt).apply(photo[None])[0]


def _reference() -> Callable[[bytes, np.ndarray], np.ndarray]:
    spec = importlib.util.spec_from_file_location("read", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lay: Callable[[bytes, np.ndarray], np.ndarray] = module.lay
    return lay


def _read(size: bytes) -> bytes:
    return sys.stdin.buffer.read(struct.unpack("<I", size)[0])


if __name__ == "__main__":
    main(sys.argv[1])
