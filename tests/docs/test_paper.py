"""The page of the papers' experiments says of each finding what was measured last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
RESULTS = sorted((ROOT / "benchmarks" / "results" / "paper").glob("*.md"))


def findings(text: str) -> list[str]:
    return re.findall(r"^- .*$", text, re.MULTILINE)


@pytest.mark.parametrize("result", RESULTS, ids=lambda path: path.stem)
def test_it_says_what_was_measured(result: Path) -> None:
    found = findings(result.read_text(encoding="utf-8"))
    if found:
        at = PAGE.index(f"(../benchmarks/results/paper/{result.name})")
        section = re.split(r"^(?:#|\[)", PAGE[at:], maxsplit=1, flags=re.MULTILINE)[0]
        assert findings(section) == found


def test_it_says_nothing_else() -> None:
    measured = {line for result in RESULTS for line in findings(result.read_text(encoding="utf-8"))}
    assert set(findings(PAGE)) == measured
