"""A server that nobody here wrote, in a process and an environment of its own, while a block runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.catalogue import HERE, Server

END_WITHIN_S = 10.0
LOG_LINES = 40

GUARD = 'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { cat <&3 >/dev/null; kill -KILL 0; } & wait $child'
"""Shell around a server: its standard input is ours, so that it ends with us, also by ``kill -9``, children and all."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        server: how it was started.
        version: of its package.
        url: where it answers.
        log: what it has said so far.
    """

    server: Server
    version: str
    url: str
    log: Path

    def words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])


@contextmanager
def running(server: Server, *, network: Path, folder: Path) -> Iterator[Running]:
    """Start ``server`` in ``folder``, wait until it is ready, end it and all its children afterwards.

    Args:
        server: one whose environment is there.
        network: file of the weights that it serves.
        folder: an empty one, for what servers leave behind.

    Raises:
        RuntimeError: it ended, or was not ready in time; the message has its last words.
    """
    ports = _free_ports(3)
    here = Running(server, server.version(), f"http://127.0.0.1:{ports[0]}", folder / "log.txt")
    with here.log.open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", *server.command],
            cwd=folder,
            env=_environment(server, network, ports),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(here, process)
        yield here
    finally:
        _end(process)


def _environment(server: Server, network: Path, ports: list[int]) -> Mapping[str, str]:
    """Ours, without what our own Python needs, and what the handlers read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    names = zip(("PORT", "PORT_2", "PORT_3"), map(str, ports), strict=True)
    return {
        **kept,
        "PATH": f"{server.environment / 'bin'}:{kept['PATH']}",
        "PYTHONPATH": str(HERE / "model"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "NETWORK": str(network),
        **dict(names),
        **{
            name: value.format(port=ports[0], port_2=ports[1], port_3=ports[2])
            for name, value in server.env.items()
        },
    }


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; all are held until the last is found, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def _await(here: Running, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + here.server.ready_within_s
    while not _answers(here.url + here.server.ready, here.server.says):
        if process.poll() is not None:
            raise RuntimeError(f"{here.server.name} ended with status {process.returncode}:\n{here.words()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{here.server.name} was not ready in time:\n{here.words()}")
        time.sleep(0.1)


def _answers(url: str, words: str) -> bool:
    # No proxy of the environment reaches our loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as answer:
            return answer.status == 200 and words in answer.read().decode()
    except (OSError, urllib.error.URLError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            continue
    process.__exit__(None, None, None)
