"""The theory's table of slopes is what was measured last."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.queries.slopes import Measured

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "theory" / "queries.md").read_text(encoding="utf-8")
RESULT = ROOT / "benchmarks" / "results" / "queries" / "slopes.json"


def test_the_table_of_slopes_is_the_measured_one() -> None:
    slopes = msgspec.json.decode(RESULT.read_bytes(), type=Measured).slopes
    expected = []
    for task, ground in dict.fromkeys((found.task, found.ground) for found in slopes):
        of = [found for found in slopes if (found.task, found.ground) == (task, ground)]
        ratio = np.mean([(found.single / found.mean) ** 2 for found in of])
        correlations = np.mean([found.correlations for found in of], axis=0)
        told = ", ".join(f"{value:.2f}" for value in correlations)
        price = np.mean([s.price for s in of])
        expected.append(f"{ground.split(' of ')[0]} | {ratio:.0f} | {price:,.0f} | {told} |")
    section = PAGE[PAGE.index("### It is worse than that") :]
    assert re.findall(r"^\| [^|]*\| ((?:no prompt|signs) .*)$", section, re.MULTILINE) == expected
