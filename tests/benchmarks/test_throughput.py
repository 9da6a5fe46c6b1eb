"""The throughput's benchmark: both ways send the same, nothing is answered by the ledger, refusals do not count."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("efficientnet_lite_pytorch")

from bbprompt.http_library import httpx
from benchmarks.faults.connection import Request
from benchmarks.faults.dialects import Json
from benchmarks.machine import describe
from benchmarks.throughput import real
from benchmarks.throughput.bare import Bare
from benchmarks.throughput.cases import CASES, serving
from benchmarks.throughput.measure import Took, both, measure, rates
from benchmarks.throughput.rows import Row
from benchmarks.throughput.server import SCORES
from tests.adapters.declarative.loopback import Sent, serve

CASE = CASES["adapter file, PNG, 8 images"]
ROW = Row(
    case="cog 0.23.1",
    answer_ms=18.4,
    images=1,
    in_flight=1,
    requests=800,
    bare_per_s=1234.5,
    ours_per_s=54.32,
    ratio=0.951,
    low=0.9,
    high=1.0,
    bare_cpu_us=600.0,
    ours_cpu_us=1_800.0,
)


def scored(sent: Sent) -> tuple[int, bytes]:
    values = np.tile(np.float32(SCORES), (len(sent.json["photos"]), 1))
    return 200, Json().right(Request(sent.method, sent.path, {}, sent.body), values).content


def test_both_ways_send_the_same_requests_and_no_two_rounds_do() -> None:
    with serve(scored) as (url, asked), both(CASE.adapter, CASE.options(url, 2)) as ways:
        ways.in_turn(3)
        ways.in_turn(3)
    sent = [(one.path, one.headers["content-type"], one.body) for one in asked]
    rounds = [set(sent[1:4]), set(sent[4:7]), set(sent[7:10]), set(sent[10:])]  # before them, one that is recorded
    assert rounds[0] == rounds[1]
    assert rounds[2] == rounds[3]
    assert len(rounds[0] | rounds[2]) == 6


def test_a_row_says_what_was_asked() -> None:
    case = CASES["open-inference, binary, 16 images"]
    with serving(case, 0.01) as url:
        row = measure("a case", case.adapter, case.options(url, 2), images=40, rounds=1)
    assert (row.images, row.requests, row.in_flight) == (16, 3, 2)
    assert 10 < row.answer_ms < 1000
    assert row.low == row.ratio == row.high
    assert row.ratio == pytest.approx(row.ours_per_s / row.bare_per_s, rel=0.01)


def test_the_bare_loop_asks_a_busy_server_again_and_counts_no_failure_as_an_answer() -> None:
    answers = iter([409, 409, 200, 500])
    with serve(lambda _: (next(answers), b"{}")) as (url, asked), closing(Bare(1)) as bare:
        bare.send([httpx.Request("POST", url, content=b"x")])
        assert len(asked) == 3
        with pytest.raises(httpx.HTTPStatusError):
            bare.send([httpx.Request("POST", url, content=b"x")])


def test_rates_are_medians_and_ratios_are_of_neighbours() -> None:
    turns = [(Took(2.0, 0.1), Took(4.0, 0.3)), (Took(1.0, 0.2), Took(1.0, 0.4)), (Took(3.0, 0.3), Took(4.0, 0.5))]
    assert rates(turns, 10) == {
        "ratio": 0.75,
        "low": 0.5,
        "high": 1.0,
        "bare_per_s": 5.0,
        "ours_per_s": 2.5,
        "bare_cpu_us": 20_000,
        "ours_cpu_us": 40_000,
    }


def test_the_table_of_real_servers_shows_the_ratio_and_says_what_is_left_out() -> None:
    shown = real.table(real.Measured(machine=describe(), rows=[ROW], left_out=real.LEFT_OUT))
    row = "| cog 0.23.1 | 1 | 1 | 18 ms | 1,234 | 54.3 | **0.95** | 0.90 | 1.00 | 600 | 1,800 |"
    assert row in shown.splitlines()
    assert all(f"{name}: {why}" in shown for name, why in real.LEFT_OUT.items())


@pytest.mark.parametrize(("name", "why"), [("gradio", real.LEFT_OUT["gradio"]), ("nobody", "known: cog, ")])
def test_a_server_that_cannot_be_measured_is_refused_with_the_reason(name: str, why: str) -> None:
    result = CliRunner().invoke(real.main, ["--servers", name])
    assert result.exit_code == 2
    assert why in " ".join(result.output.replace("│", " ").split())
