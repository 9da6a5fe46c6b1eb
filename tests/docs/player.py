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
from tests.docs.pages import DOCS, Typed, typed

FILE = re.compile(r"# (?P<name>[\w.-]+)\n")
NUMBER = r"\d[\d,.]*"
NOT_HERE = {"pip", "make", "curl", "ffmpeg", "cd", "ls"}
"""What a reader types beside bbprompt. It is not run here."""
STAYS = {"serve", "proxy"}
"""Commands that serve until they are stopped; ``test_pages`` checks that they can be read."""


class Player:
    """Plays pages in the working directory.

    Attributes:
        here: stands in for what a page cannot know, as the address of a server.
        played: files, programs and commands so far, so that a test can tell that there were some.
    """

    def __init__(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, here: Mapping[str, str]
    ) -> None:
        self.here = here
        self.played = 0
        self._capfd, self._monkeypatch = capfd, monkeypatch
        self._evaluate, self._status = PythonEvaluator(), 0
        self._sybil = Sybil(
            parsers=[
                CodeBlockParser(language="toml", evaluator=self._toml),
                CodeBlockParser(language="console", evaluator=self._console),
                CodeBlockParser(language="python", evaluator=self._python),
            ]
        )

    def play(self, name: str) -> dict[str, object]:
        """Play a page of docs/; return the names that its Python leaves."""
        document = self._sybil.parse(DOCS / name)
        for example in document.examples():
            self.played += 1
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
        self.type(list(typed(example.parsed)))

    def type(self, commands: list[Typed]) -> None:
        """Run commands in turn and compare what they say, where the page shows that."""
        for command, following in zip(commands, [*commands[1:], None], strict=True):
            program, *arguments = [self._put(word) for word in command.words]
            says = [self._put(line) for line in command.says]
            if program == "export":
                name, _, value = arguments[0].partition("=")
                self._monkeypatch.setenv(name, value)
            elif program == "echo":
                assert arguments == ["$?"]
                assert says == [str(self._status)]
            elif program == "bbprompt":
                status_shown = following is not None and following.words[0] == "echo"
                self._run(arguments, says, status_shown=status_shown)
            else:
                assert program in NOT_HERE, f"{program} is typed on a page, but nothing here can run it"

    def _run(self, arguments: list[str], says: list[str], *, status_shown: bool) -> None:
        if arguments[0] in STAYS:
            return
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = self._capfd.readouterr()
        self._status = ended.value.code or 0
        said_to_fail = any(line.startswith("bbprompt: ") for line in says)
        assert status_shown or bool(self._status) == said_to_fail, f"bbprompt {' '.join(arguments)}: {err}"
        errors = [line for line in err.splitlines() if line.startswith("bbprompt: ")] if said_to_fail else []
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
