"""Everything that produces a number or a figure: each prints a table and writes JSON under ``results``."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
