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

    @property
    def advice(self) -> str:
        """What to do where a service refuses it."""

    def read(self) -> str:
        """Return it: printable ASCII, not empty.

        Raises:
            ConfigError: there is none.
        """

    def renew(self, refused: str) -> bool:
        """Forget a value that a service refuses; return whether ``read`` may give another one."""

    def known(self) -> tuple[str, ...]:
        """Return every value that was read: none of them may be shown."""


class EnvironmentKey:
    """The value of an environment variable, as it is when the adapter is opened."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self._value = _checked(
            os.environ.get(variable, ""), f"key_env: set the environment variable {variable!r} to the key"
        )

    def __repr__(self) -> str:
        return f"EnvironmentKey({self._variable!r})"

    @property
    def advice(self) -> str:
        """Name the variable."""
        return (
            f"correct the key in the environment variable {self._variable!r}, or name another in [oracle] key_env"
        )

    def read(self) -> str:
        """Return the value."""
        return self._value

    def renew(self, refused: str) -> bool:  # noqa: ARG002
        """Return that there is no other."""
        return False

    def known(self) -> tuple[str, ...]:
        """Return the value."""
        return (self._value,)


class CommandKey:
    """The last output of a command, as in ``["gcloud", "auth", "print-access-token"]``; it is run again in time.

    A token that ends sooner than that is known by the service's refusal: then, too, it is run again.
    """

    def __init__(self, command: Sequence[str], *, lifetime_s: float = 1800.0) -> None:
        """Run nothing yet.

        Args:
            command: program and arguments, no shell.
            lifetime_s: seconds for which its output is good.
        """
        self._command, self._lifetime_s = tuple(command), lifetime_s
        self._turn = threading.Lock()
        self._value, self._until = "", 0.0
        self._known: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"CommandKey({self._command[:1]!r})"

    @property
    def advice(self) -> str:
        """Name the program."""
        return f"what [oracle] key_command prints is no good there: run {self._command[0]!r} by hand, log in again"

    def read(self) -> str:
        """Return what the command printed, running it if the last output is too old."""
        with self._turn:
            if time.monotonic() >= self._until:
                self._value = self._run()
                self._until = time.monotonic() + self._lifetime_s
                self._known = tuple(dict.fromkeys((*self._known, self._value)))
            return self._value

    def renew(self, refused: str) -> bool:
        """Let the command run again, unless it has since ``refused`` was read."""
        with self._turn:
            if refused == self._value:
                self._until = 0.0
        return True

    def known(self) -> tuple[str, ...]:
        """Return all that the command printed; it is not run for this."""
        return self._known

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
