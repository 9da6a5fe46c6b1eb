"""A server of a benchmark's own, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """A running one."""

    url: str
    pid: int

    def processor_s(self) -> float:
        """Seconds that it has taken of processors so far; of Linux, see proc(5)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def process(*arguments: str) -> Iterator[Server]:
    """Run Python with ``arguments``; the server's address is its first line."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Server(server.stdout.readline().strip(), server.pid)
        finally:
            server.terminate()
