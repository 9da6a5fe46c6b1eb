"""Where failures eat the budget, or a larger one is not enough for better, what was paid for is still worth something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import BudgetExhausted, OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Scores
from bbprompt.overlay import read_overlay
from bbprompt.records import LEDGER, OVERLAY
from bbprompt.run import fit_run
from bbprompt.wrappers.retrying import Retrying
from tests.run.conftest import Digits, document, opens


class Centre(Digits):
    """Sees the middle of an image alone, so that shrinking it is worth a lot; every so many requests fail and cost."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__()
        self.spec = replace(self.spec, max_in_flight=1)
        self.failing, self.requests = failing, 0

    def query(self, images: UInt8) -> Scores:
        self.requests += 1
        if self.failing and self.requests % self.failing == 0:
            raise OracleError("overloaded", billed=True, retryable=True)
        seen = np.full_like(images, 128)
        seen[:, 2:6, 2:6] = images[:, 2:6, 2:6]
        return super().query(seen)


def automatic(queries: int) -> RunConfig:
    return parse_config(document(prompt={"template": "auto"}, fit={"method": "auto"}, budget={"queries": queries}))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries do not wait."""
    init = Retrying.__init__

    def without_waits(self: Retrying, *told: object, **more: object) -> None:
        init(self, *told, **{**more, "first_wait_s": 1e-3})  # type: ignore[arg-type]

    monkeypatch.setattr(Retrying, "__init__", without_waits)


def test_failures_beyond_the_spare_do_not_cost_the_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(Centre(failing=8), monkeypatch)
    run = fit_run(automatic(1_500), tmp_path / "run")
    assert run.result.stopped == "budget"
    assert run.result.prompt.correct > run.result.no_prompt.correct
    assert run.result.prompt.n == 50, "the test was paid for, failures included"
    with Ledger.open(tmp_path / "run" / LEDGER, budget=Budget()) as ledger:
        assert ledger.spent.queries <= 1_500


def test_the_steps_since_the_last_look_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(Centre(failing=8), monkeypatch)
    run = fit_run(parse_config(document()), tmp_path / "run")
    with Ledger.open(tmp_path / "run" / LEDGER, budget=Budget()) as ledger:
        left = 900 - ledger.spent.queries
    looks = [look.queries for look in run.history]
    assert run.result.stopped == "budget"
    assert left < 40 + 80, "but for what a look takes, all was spent"
    assert looks[-1] - 40 > looks[-2], "the last look came after more steps"


@pytest.mark.parametrize("varies", [False, True])
def test_a_budget_that_ends_within_the_test_leaves_the_images_that_were_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, varies: bool
) -> None:
    class Turning(Centre):
        def __init__(self) -> None:
            super().__init__()
            self.spec = replace(self.spec, varies=varies)

    class Breaking(Turning):
        def query(self, images: UInt8) -> Scores:
            if self.asked > well:
                raise BudgetExhausted("failures have cost the rest")
            return super().query(images)

    config = parse_config(document(data={"test": 150}, budget={"queries": 1_100, "spare": 0}))
    opens(well_behaved := Turning(), monkeypatch)
    fit_run(config, tmp_path / "well")
    well = well_behaved.asked - 50
    opens(Breaking(), monkeypatch)
    run = fit_run(config, tmp_path / "run")
    assert run.result.stopped == "budget"
    assert 10 <= run.result.prompt.n == run.result.no_prompt.n < 150
    assert f"{run.result.prompt.n} of 150 images have both answers" in capsys.readouterr().err
    assert fit_run(config, tmp_path / "run").result == run.result


@pytest.mark.parametrize("more", [1_520, 1_600, 2_000])
def test_a_larger_budget_loses_nothing_that_was_won(
    more: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(Centre(), monkeypatch)
    folder = tmp_path / "run"
    first = fit_run(automatic(1_500), folder)
    assert first.result.prompt.correct > first.result.no_prompt.correct
    layout = read_overlay(folder / OVERLAY).template
    second = fit_run(automatic(more), folder, resume=True)
    assert max(look.accuracy.correct for look in second.history) >= max(
        look.accuracy.correct for look in first.history
    )
    assert second.result.prompt.correct > second.result.no_prompt.correct
    assert more > 1_600 or read_overlay(folder / OVERLAY).template == layout
    assert {path.name for path in folder.glob("earlier.*")} == set()
