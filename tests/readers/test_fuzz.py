"""A sample of `make fuzz`: mutated PNGs give an error or the right pixels in every reader that can run here."""

from __future__ import annotations

import pytest

from benchmarks.fuzz.mutants import MUTATIONS, Must, mutants
from benchmarks.fuzz.run import fuzz
from tests.golden.cases import FOLDER

LARGEST_MB = 700


@pytest.mark.parametrize("name", ["bbprompt", "read.py", "read.mjs", "read.c"])
def test_a_mutant_is_refused_or_laid_rightly(name: str) -> None:
    tallies = fuzz(count=5 * len(MUTATIONS), seed=1, sanitize=False, only=[name])
    if not tallies:
        pytest.skip(f"nothing here runs {name}; see `make fuzz`")
    tally = tallies[name]
    assert tally.wrong == []
    assert tally.laid > 10
    assert tally.refused > 50
    assert 0 < tally.peak_mb < LARGEST_MB


def test_the_same_seed_gives_the_same_mutants() -> None:
    png = (FOLDER / "padding-over.png").read_bytes()
    first, again, other = (list(mutants([png], count=60, seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert {mutant.must for _, mutant in first} == set(Must)
