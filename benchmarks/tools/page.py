"""The code blocks of docs/tools.md that are run: those under a comment ``<!-- run: TOOL BLEND... -->``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tools.md"
BLOCK = re.compile(
    r"<!-- run: (?P<tool>\S+) (?P<blends>[\w ]+) -->\n```(?P<language>\w+)\n(?P<code>.*?)```", re.DOTALL
)


PREPARES = frozenset({"shrink", "resize"})
"""Blocks that lay nothing: they bring a photo to a prompt's size, with ``template.shrink`` and without."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block and what it is for."""

    tool: str
    blend: str
    language: str
    code: str

    @property
    def name(self) -> str:
        """Tool and blend."""
        return f"{self.tool} {self.blend}"


def blocks(page: Path = PAGE) -> list[Block]:
    """Every block that is run, once for each blend that it is for."""
    return [
        Block(found["tool"], blend, found["language"], found["code"])
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
        for blend in found["blends"].split()
    ]
