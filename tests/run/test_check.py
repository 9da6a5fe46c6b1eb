"""What is said to be at most is: in dollars, in hours, and in what is set aside for a request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bbprompt.check import Check, check_run
from bbprompt.cli.fit import command
from bbprompt.config import dump_config, parse_config
from bbprompt.run import fit_run
from tests.run.conftest import Digits, document, opens


def said(found: Check) -> str:
    return "\n".join(found.lines())


def dry_run(folder: Path, budget: dict[str, float]) -> float:
    run_file = folder / "run.toml"
    run_file.write_text(dump_config(parse_config({**document(), "budget": budget})), encoding="utf-8")
    arguments = [str(run_file), "--out", str(folder / "run"), "--dry-run", "--json"]
    return float(json.loads(CliRunner().invoke(command, arguments).output)["usd"])


@pytest.mark.parametrize(
    ("budget", "usd"), [({"queries": 900}, 9.0), ({"queries": 900, "usd": 2.0}, 2.0), ({"usd": 1.5}, 1.5)]
)
def test_a_request_may_hold_a_single_image(
    oracle: Digits, tmp_path: Path, budget: dict[str, float], usd: float
) -> None:
    oracle.spec = replace(oracle.spec, usd_per_query=0.0, usd_per_request=0.01)
    config = parse_config({**document(), "budget": budget})
    assert dry_run(tmp_path, budget) == check_run(config).usd == pytest.approx(usd)
    assert f"for at most ${usd:.2f}" in said(check_run(config))
    paid = fit_run(config, tmp_path / "run").result.costs.usd
    assert paid is not None
    assert paid <= usd


def test_a_price_by_the_image_is_the_same_in_any_request(oracle: Digits, tmp_path: Path) -> None:
    oracle.spec = replace(oracle.spec, usd_per_query=0.01)
    assert dry_run(tmp_path, {"queries": 900}) == pytest.approx(9.0)


def test_hours_know_of_the_limit_of_requests_a_minute(oracle: Digits) -> None:
    config = parse_config(document())
    free = check_run(config).hours
    oracle.spec = replace(oracle.spec, requests_per_minute=0.5)  # of 8 images
    limited = check_run(config)
    assert free is not None
    assert free < 1
    assert limited.hours == pytest.approx(900 * 60 / 0.5 / 8 / 3600)
    assert f"{limited.hours:.2f} hours at most" in said(limited)
    oracle.spec = replace(oracle.spec, requests_per_minute=1e9)
    unlimited = check_run(config).hours
    assert unlimited is not None
    assert unlimited < 1


@pytest.mark.parametrize(("told", "warned"), [(0.03, True), (0.02, False), (None, False)])
def test_an_answer_that_cost_more_than_is_set_aside_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, told: float | None, *, warned: bool
) -> None:
    class Telling(Digits):
        def query(self, images):  # type: ignore[no-untyped-def]
            return replace(super().query(images), usd=told)

    telling = Telling()
    telling.spec = replace(telling.spec, usd_per_query=0.0, usd_per_request=0.02)
    opens(telling, monkeypatch)
    words = said(check_run(parse_config(document())))
    assert ("it cost $0.03 by the service's own word, and $0.02 is set aside" in words) is warned
    assert ("most_per_request" in words) is warned
