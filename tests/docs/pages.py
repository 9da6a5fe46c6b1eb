"""The pages of docs/, and what they ask a reader to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
PROMPT = "$ "
STATUS = re.compile(r"\n\$ echo \$\?\n(\d+)\n")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a console block.

    Attributes:
        words: as a shell splits it; without comments and what follows a pipe or an ampersand.
        says: the lines that the page shows below it.
        status: that it must end with, if the page shows that by ``echo $?``.
    """

    words: list[str]
    says: list[str]
    status: int | None = None


def name_of(page: Path) -> str:
    """Its path in docs/."""
    return page.relative_to(DOCS).as_posix()


def fenced(text: str, *languages: str) -> list[str]:
    """The code blocks of a page's text in one of ``languages``."""
    return [found["code"] for found in FENCE.finditer(text) if found["language"] in languages]


def typed(console: str) -> Iterator[Typed]:
    """Commands of a console block: lines after a ``$``, and the lines that follow as what they say."""
    shown = STATUS.sub(r"\n= \1\n", f"\n{console}".replace("\\\n", ""))
    for part in shown.split(f"\n{PROMPT}")[1:]:
        line, *says = part.splitlines()
        status = int(says.pop()[2:]) if says and says[-1].startswith("= ") else None
        yield Typed(_words(line), says, status)


def commands(text: str) -> Iterator[list[str]]:
    """Every call of bbprompt in a page's console, bash and unmarked blocks: its words without ``bbprompt``."""
    for block in fenced(text, "console", "bash", ""):
        for line in block.replace("\\\n", "").splitlines():
            for part in line.removeprefix(PROMPT).split(" | "):
                words = _words(part) if part.startswith("bbprompt ") else []
                if words[1:] and words[1] != "...":
                    yield words[1:]


def _words(line: str) -> list[str]:
    words = shlex.split(line, comments=True)
    ends = [words.index(end) for end in ("|", "&") if end in words]
    return words[: min(ends, default=len(words))]
