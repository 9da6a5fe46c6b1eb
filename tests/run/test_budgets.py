"""Budgets that are too small, or of nothing, are called that before a query or a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bbprompt.config import parse_config
from bbprompt.errors import ConfigError
from bbprompt.run import fit_run
from tests.run.conftest import Digits, document


def test_a_budget_too_small_is_refused_before_a_query(oracle: Digits, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"queries = 200 is too small: 80 for training images, 100 for the test"):
        fit_run(parse_config(document(budget={"queries": 200})), tmp_path / "run")
    assert oracle.asked == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("price", "budget", "says"),
    [
        (0.01, {"usd": 2.0}, r"\[budget\] usd = 2, 200 queries, is too small: 80 for training images"),
        (0.01, {"usd": 2.0, "queries": 900}, r"\[budget\] usd = 2, 200 queries, is too small"),
        (None, {"usd": 2.0}, r"usd = 2 needs the service's price, and none is known"),
        (None, {"usd": 2.0, "queries": 900}, r"usd = 2 needs the service's price, and none is known"),
    ],
)
def test_a_budget_in_dollars_is_refused_as_what_it_is(
    oracle: Digits, tmp_path: Path, price: float | None, budget: dict[str, float], says: str
) -> None:
    oracle.spec = replace(oracle.spec, usd_per_query=price)
    with pytest.raises(ConfigError, match=says):
        fit_run(parse_config({**document(), "budget": budget}), tmp_path / "run")
    assert oracle.asked == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("queries", "tried"), [(330, False), (372, True)])
def test_a_budget_that_holds_no_prompt_beside_the_looks_says_so(
    oracle: Digits, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, queries: int, tried: bool
) -> None:
    fit_run(parse_config(document(budget={"queries": queries}, fit={"method": "auto"})), tmp_path / "run")
    assert ("no prompt was tried" in capsys.readouterr().err) == (not tried)
