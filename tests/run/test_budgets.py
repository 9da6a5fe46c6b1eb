"""Budgets that are too small, or of nothing, are called that before a query or a file."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bbprompt.arrays import UInt8
from bbprompt.config import parse_config
from bbprompt.errors import ConfigError, OracleError
from bbprompt.oracle import Scores
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


@pytest.mark.parametrize("method", ["antithetic", "auto"])
@pytest.mark.parametrize("usd", [0.12, 0.16])
def test_a_price_by_the_request_leaves_the_test_both_its_passes(
    oracle: Digits, tmp_path: Path, method: str, usd: float
) -> None:
    """Sixty test images fit into one request of 64, and are two of 30."""
    oracle.spec = replace(oracle.spec, max_batch=64, max_in_flight=1, usd_per_query=0.0, usd_per_request=0.01)
    data, fit = {"shots": 24, "validation": 40, "test": 30}, {"method": method}
    config = parse_config({**document(data=data, fit=fit, labels={"map": "iterative"}), "budget": {"usd": usd}})
    result = fit_run(config, tmp_path / "run").result
    assert (result.no_prompt.n, result.prompt.n) == (30, 30)
    assert result.costs.usd is not None
    assert result.costs.usd <= usd


@pytest.mark.parametrize("every", [11, 15, 23])
def test_failures_leave_a_small_budget_its_one_look(oracle: Digits, tmp_path: Path, every: int) -> None:
    oracle.spec = replace(oracle.spec, max_in_flight=1)
    answer, requests = oracle.query, count(1)

    def failing(images: UInt8) -> Scores:
        if next(requests) % every == 0:
            raise OracleError("lost on its way")
        return answer(images)

    oracle.query = failing  # type: ignore[method-assign]
    tables = {"prompt": {"template": "auto"}, "fit": {"method": "auto"}, "labels": {"map": "frequency"}}
    config = parse_config(document(data={"shots": 24}, budget={"queries": 620}, **tables))
    for attempt in range(60):
        try:
            result = fit_run(config, tmp_path / "run", resume=attempt > 0).result
            break
        except OracleError:
            continue
    assert result.prompt.n > 0
    assert (tmp_path / "run" / "prompt.png").exists()
