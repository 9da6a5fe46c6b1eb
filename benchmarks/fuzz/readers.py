"""The four readers, each in a process of its own, so that a crash, a hang or a swelling memory is seen.

Over standard input: length and PPM of the photo, length and PNG. Back: 0 and the laid pixels, or 1 and a message.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
LEAKS_OFF = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99"}
DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader did: ``laid`` pixels, or ``refused`` with a message; ``lost`` is a crash or a hang."""

    what: str
    content: bytes = b""


def commands(build: Path, *, sanitize: bool) -> dict[str, Sequence[str]]:
    """The readers that this machine can run; C is compiled into ``build``.

    Args:
        build: a folder for the compiled driver.
        sanitize: under AddressSanitizer and UndefinedBehaviorSanitizer.
    """
    drive = [sys.executable, str(HERE / "drive.py")]
    found: dict[str, Sequence[str]] = {"bbprompt": [*drive, "ours"], "read.py": [*drive, "reference"]}
    if node := shutil.which("node"):
        found["read.mjs"] = [node, str(HERE / "drive.mjs")]
    if compiled := compile_c(HERE / "drive.c", build / "drive", sanitize=sanitize):
        found["read.c"] = [str(compiled)]
    return found


def compile_c(source: Path, target: Path, *, sanitize: bool = False) -> Path | None:
    """Compile a C reader; ``None`` where there is no compiler, no libpng or no Jansson."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    strict = ["-std=gnu11", "-Wall", "-Wextra", *(SANITIZED if sanitize else ("-O2",))]
    command = [compiler, *strict, str(source), "-lpng", "-ljansson", "-o", str(target)]
    return target if subprocess.run(command, capture_output=True, check=False).returncode == 0 else None


class Reader:
    """One reader; started again after it was lost."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it."""
        self._command = command
        self.peak_mb = 0.0
        self._start()

    def ask(self, photo: bytes, prompt: bytes) -> Answer:
        """Let it lay one prompt over one photo."""
        message = b"".join(struct.pack("<I", len(part)) + part for part in (photo, prompt))
        try:
            self._send(message)
            status, length = struct.unpack("<BI", self._receive(5))
            return Answer("refused" if status else "laid", self._receive(length))
        except (OSError, EOFError) as error:
            self.close()
            self._start()
            return Answer("lost", repr(error).encode())

    def close(self) -> None:
        """End it, and remember the most memory that it had."""
        self.peak_mb = max(self.peak_mb, _peak_mb(self._process.pid))
        self._process.kill()
        self._process.__exit__(None, None, None)

    def _start(self) -> None:
        environment = {**os.environ, **LEAKS_OFF}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )

    def _send(self, message: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(message)
        while view:
            view = view[self._process.stdin.write(view) :]

    def _receive(self, size: int) -> bytes:
        assert self._process.stdout is not None
        parts = bytearray()
        while len(parts) < size:
            if not select.select([self._process.stdout], [], [], DEADLINE_S)[0]:
                raise EOFError(f"silent for {DEADLINE_S:g} s")
            part = self._process.stdout.read(size - len(parts))
            if not part:
                raise EOFError("it ended")
            parts += part
        return bytes(parts)


def _peak_mb(pid: int) -> float:
    """Most resident memory of a live process (of its own: rusage would begin with its parent's); 0 if it ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
