"""A server in a process of its own, which ends with the block that started it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import IO

from bbprompt.errors import ConfigError

END_WITHIN_S = 10.0


class ServerProcess:
    """``with ServerProcess("efficientnet-lite0", {"input_size": 112}) as server: ... server.url``.

    The child also ends if this process dies, even by ``kill -9``: it watches the pipe that is its standard input.
    """

    url: str
    """Where the server answers, from the beginning of the block to its end."""

    def __init__(self, adapter: str, options: Mapping[str, object], *, start_within_s: float = 120.0) -> None:
        """Start nothing yet.

        Args:
            adapter: name of an installed adapter.
            options: the adapter's own.
            start_within_s: seconds after which a server that is not ready is given up.
        """
        self._adapter = adapter
        self._options = json.dumps(dict(options))
        self._start_within_s = start_within_s

    def __enter__(self) -> ServerProcess:
        """Start the process and wait until it answers.

        Raises:
            ConfigError: it ended, or was not ready in time; the message is its last word.
        """
        command = [sys.executable, "-m", "bbprompt_adapters.open_inference", self._adapter]
        self._words: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*command, "--options", self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )
        try:
            self.url = self._await_url()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._end()

    def _await_url(self) -> str:
        assert self._process.stdout is not None
        alarm = threading.Timer(self._start_within_s, self._process.kill)
        alarm.start()
        try:
            line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise ConfigError(f"the server of {self._adapter!r} did not start: {self._last_word()}")
        url: str = json.loads(line)["url"]
        return url

    def _last_word(self) -> str:
        status = self._process.wait()
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {status}, within {self._start_within_s:g} s"

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        finally:
            self._process.__exit__(None, None, None)
            self._words.close()
