"""Where a key comes from: the environment, or a command that prints one. It never shows itself."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from bbprompt.errors import ConfigError

COMMAND_WITHIN_S = 60.0


class Key(Protocol):
    """A secret, read when it is needed."""

    def read(self) -> str:
        """Return it: printable ASCII, not empty.

        Raises:
            ConfigError: there is none.
        """


class EnvironmentKey:
    """The value of an environment variable, as it is when the adapter is opened."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self._value = _checked(
            os.environ.get(variable, ""), f"key_env: set the environment variable {variable!r} to the key"
        )

    def __repr__(self) -> str:
        return f"EnvironmentKey({self._variable!r})"

    def read(self) -> str:
        """Return the value."""
        return self._value


class CommandKey:
    """The last output of a command, as in ``["gcloud", "auth", "print-access-token"]``; it is run again in time."""

    def __init__(self, command: Sequence[str], *, lifetime_s: float = 1800.0) -> None:
        """Run nothing yet.

        Args:
            command: program and arguments, no shell.
            lifetime_s: seconds for which its output is good.
        """
        self._command, self._lifetime_s = tuple(command), lifetime_s
        self._turn = threading.Lock()
        self._value, self._until = "", 0.0

    def __repr__(self) -> str:
        return f"CommandKey({self._command[:1]!r})"

    def read(self) -> str:
        """Return what the command printed, running it if the last output is too old."""
        with self._turn:
            if time.monotonic() >= self._until:
                self._value = self._run()
                self._until = time.monotonic() + self._lifetime_s
            return self._value

    def _run(self) -> str:
        program = self._command[0]
        try:
            done = subprocess.run(
                self._command, check=True, capture_output=True, text=True, timeout=COMMAND_WITHIN_S
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            # Neither the arguments nor the output go into the message: both may hold secrets.
            raise ConfigError(
                f"[oracle] key_command: {program!r} failed ({type(error).__name__}); run it by hand"
            ) from None
        return _checked(done.stdout, f"key_command: {program!r} printed no key; run it by hand")


def _checked(text: str, problem: str) -> str:
    key = text.strip()
    if not (key and key.isascii() and key.isprintable()):
        raise ConfigError(f"[oracle] {problem}")
    return key
