"""Play a page: write its files, run its Python, type its commands, in its order, and compare what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from bbprompt.cli import main
from tests.docs.pages import Typed, typed

FILE = re.compile(r"# (?P<name>[\w.-]+)\n")
NUMBER = r"\d[\d,.]*"
NOT_HERE = {"pip", "make", "curl", "ffmpeg", "cd", "ls"}
"""What a reader types beside bbprompt. It is not run here."""
ERROR = "bbprompt: "
STAYS = {"serve", "proxy"}
"""Commands that serve until they are stopped; ``test_pages`` checks that they can be read."""


class Player:
    """Plays pages in the working directory.

    Attributes:
        here: stands in for what a page cannot know, as the address of a server, and for what would take long.
    """

    def __init__(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, here: Mapping[str, str]
    ) -> None:
        self.here = here
        self._capfd, self._monkeypatch = capfd, monkeypatch
        self._evaluate = PythonEvaluator()
        self._sybil = Sybil(
            parsers=[
                CodeBlockParser(language="toml", evaluator=self._toml),
                CodeBlockParser(language="console", evaluator=self._console),
                CodeBlockParser(language="python", evaluator=self._python),
            ]
        )

    def play(self, page: Path) -> dict[str, object]:
        """Play a page; return the names that its Python leaves."""
        document = self._sybil.parse(page)
        examples = list(document.examples())
        assert examples, f"{page} has nothing to play"
        for example in examples:
            example.evaluate()
        return document.namespace

    def _file(self, example: Example) -> bool:
        """A block that starts with the name of a file is that file."""
        if named := FILE.match(example.parsed):
            Path(named["name"]).write_text(self._put(example.parsed), encoding="utf-8")
        return named is not None

    def _toml(self, example: Example) -> None:
        """What is no file is a part of one, for reading; ``test_pages`` reads it."""
        self._file(example)

    def _python(self, example: Example) -> None:
        if not self._file(example):
            self._evaluate(example)

    def _console(self, example: Example) -> None:
        for command in typed(example.parsed):
            self.type(command)

    def type(self, command: Typed) -> None:
        """Run one command and compare what it says, where the page shows that."""
        program, *arguments = [self._put(word) for word in command.words]
        if program == "export":
            name, _, value = arguments[0].partition("=")
            self._monkeypatch.setenv(name, value)
        elif program == "bbprompt" and arguments[0] not in STAYS:
            self._run(arguments, [self._put(line) for line in command.says], status=command.status)
        else:
            assert program in {"bbprompt", *NOT_HERE}, f"{program} is typed on a page, and nothing here can run it"

    def _run(self, arguments: list[str], says: list[str], *, status: int | None) -> None:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = self._capfd.readouterr()
        found = int(ended.value.code or 0)
        fails = any(line.startswith(ERROR) for line in says)
        right = bool(found) == fails if status is None else found == status
        assert right, f"bbprompt {' '.join(arguments)} ended with {found}: {err}"
        errors = [line for line in err.splitlines() if line.startswith(ERROR)] if fails else []
        if says:
            expect("\n".join([*out.splitlines(), *errors]), says)

    def forget(self) -> None:
        """Drop what was printed until now."""
        self._capfd.readouterr()

    def _put(self, text: str) -> str:
        for what, stands_in in self.here.items():
            text = text.replace(what, stands_in)
        return text


def expect(got: str, shown: list[str]) -> None:
    """Compare with what a page shows: ``...`` stands for anything, a number for any number, a space for any space."""
    tokens = re.split(rf"(\.\.\.|─+|\s+|{NUMBER})", "\n".join(shown).strip())
    pattern = "".join(map(_pattern, tokens))
    assert re.fullmatch(pattern, got.strip(), re.DOTALL), (
        f"the page shows\n{chr(10).join(shown)}\nbut here it is\n{got}"
    )


def _pattern(token: str) -> str:
    for kind in (r"\s+", "─+", NUMBER):
        if re.fullmatch(kind, token):
            return kind
    return ".*" if token == "..." else re.escape(token)
