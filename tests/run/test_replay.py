"""A ledger alone gives the run again: the same PNG, no service, nothing paid; and it says what it cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bbprompt.bill import read_bill
from bbprompt.cli.ledger import command
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import OracleError, UsageError
from bbprompt.oracle import Oracle
from bbprompt.records import LEDGER, OVERLAY
from bbprompt.run import fit_run
from tests.run.conftest import Digits, document, opens


class Drifting(Digits):
    """Answers the same image a little differently each time."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = replace(self.spec, varies=True, max_in_flight=1)

    def query(self, images):  # type: ignore[no-untyped-def]
        scores = super().query(images)
        scores.values[:] += 1e-3 * self.asked
        return scores


def nobody(_adapter: str, _options: object) -> Oracle:
    raise OracleError("there is no service any more")


@pytest.mark.parametrize("service", [Digits, Drifting])
def test_a_run_replays_offline_to_the_same_png(
    service: type[Digits], config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(service(), monkeypatch)
    first = fit_run(config, tmp_path / "paid")
    monkeypatch.setattr("bbprompt.task.open_oracle", nobody)
    again = fit_run(config, tmp_path / "replayed", replay=tmp_path / "paid")
    assert (tmp_path / "replayed" / OVERLAY).read_bytes() == (tmp_path / "paid" / OVERLAY).read_bytes()
    assert again.result.prompt == first.result.prompt
    assert again.result.costs.queries == first.result.costs.queries


class Failing(Digits):
    """Charges for some requests that it does not answer, so that the budget ends before the plan does."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = replace(self.spec, max_in_flight=1)
        self.requests = 0

    def query(self, images):  # type: ignore[no-untyped-def]
        self.requests += 1
        if self.requests % 10 == 0:
            raise OracleError("overloaded", billed=True, retryable=True)
        return super().query(images)


def test_a_run_that_its_budget_ended_replays_to_the_same_png(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(Failing(), monkeypatch)
    config = parse_config(document(budget={"spare": 0}))
    first = fit_run(config, tmp_path / "paid")
    monkeypatch.setattr("bbprompt.task.open_oracle", nobody)
    again = fit_run(config, tmp_path / "replayed", replay=tmp_path / "paid")
    assert again.result.stopped == first.result.stopped == "budget"
    assert (tmp_path / "replayed" / OVERLAY).read_bytes() == (tmp_path / "paid" / OVERLAY).read_bytes()
    assert again.history == first.history


@pytest.mark.parametrize("extra", [0, 1])
def test_the_plan_of_a_service_that_varies_holds(
    extra: int, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a query to spare: what is asked for again is in the plan."""
    opens(Drifting(), monkeypatch)
    spare = parse_config(document(budget={"spare": 0, "queries": 900 + extra}))
    assert fit_run(spare, tmp_path / "run").result.stopped == "done"


def test_a_replay_of_something_else_says_what_the_ledger_lacks(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    fit_run(config, tmp_path / "paid")
    asked = oracle.asked
    other = parse_config({**document(), "seed": 2})
    with pytest.raises(OracleError, match=r"the ledger holds no answer .* replay it with the run file"):
        fit_run(other, tmp_path / "other", replay=tmp_path / "paid")
    assert oracle.asked == asked


def test_a_replay_needs_a_ledger(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no ledger at .*; give the folder of a run that was paid for"):
        fit_run(config, tmp_path / "run", replay=tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("price", "usd"), [(None, None), (0.25, 0.25)])
def test_the_bill_is_what_was_asked_times_its_price(
    price: float | None, usd: float | None, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Digits()
    fake.spec = replace(fake.spec, usd_per_query=price)
    opens(fake, monkeypatch)
    fit_run(config, tmp_path / "run")
    (charge, total) = read_bill(tmp_path / "run" / LEDGER)
    assert (charge.oracle, charge.answered, charge.failed, charge.pending) == ("features", fake.asked, 0, 0)
    assert total.usd == charge.usd == (None if usd is None else pytest.approx(usd * fake.asked))
    printed = CliRunner().invoke(command, [str(tmp_path / "run"), "--json"])
    assert json.loads(printed.output)[0]["answered"] == fake.asked
    words = CliRunner().invoke(command, [str(tmp_path / "run")]).output
    assert ("unknown" in words) is (usd is None)


def test_there_is_no_bill_without_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a run that pays for queries leaves one"):
        read_bill(tmp_path / LEDGER)


def test_a_budget_in_dollars_alone_is_one_in_queries(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Digits()
    fake.spec = replace(fake.spec, usd_per_query=0.01)
    opens(fake, monkeypatch)
    tables = {**document(), "budget": {"usd": 7.0}}
    run = fit_run(parse_config(tables), tmp_path / "run")
    assert 500 < fake.asked <= 700
    assert run.result.costs.usd is not None
    assert run.result.costs.usd <= 7.0
