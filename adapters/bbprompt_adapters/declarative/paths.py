"""JMESPath (https://jmespath.org), read once and applied with errors of our own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from bbprompt.errors import AnswerError, ConfigError


@dataclass(frozen=True)
class Path:
    """An expression."""

    text: str

    @cached_property
    def _parsed(self) -> Any:
        return jmespath.compile(self.text)

    @cached_property
    def _field(self) -> str | None:
        """The name, where the expression is one alone: answers of many labels ask for two in each entry."""
        node = self._parsed.parsed
        name: str | None = node["value"] if node["type"] == "field" else None
        return name

    def __call__(self, body: object) -> Any:
        """Return what the expression finds, ``None`` if nothing.

        Raises:
            AnswerError: it cannot be applied to such a body.
        """
        if self._field is not None and isinstance(body, dict):
            return body.get(self._field)
        try:
            return self._parsed.search(body)
        except (JMESPathError, TypeError, ValueError, RecursionError) as error:
            raise AnswerError(f"the answer does not fit the path {self.text[:120]!r} ({_line(error)})") from error


def parse_path(text: str, *, where: str) -> Path:
    """Read an expression.

    Raises:
        ConfigError: it is no JMESPath.
    """
    try:
        jmespath.compile(text)
    except (JMESPathError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: {text[:120]!r} is no JMESPath ({_line(error)})") from error
    return Path(text)


def optional_path(text: str | None, *, where: str) -> Path | None:
    """Read an expression that may be left out."""
    return None if text is None else parse_path(text, where=where)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
