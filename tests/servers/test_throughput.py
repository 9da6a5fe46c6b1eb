"""Real servers take a recorded request again, as the throughput's benchmark sends it."""

from __future__ import annotations

import pytest

from benchmarks.throughput.real import REPLAYED, measure_one
from tests.servers.process import Running


@pytest.mark.parametrize(
    "server",
    [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in REPLAYED],
    indirect=True,
)
def test_a_server_answers_both_ways(server: Running) -> None:
    row = measure_one(server, images=4, rounds=1)
    assert row.case == f"{server.server.package} {server.version}"
    assert min(row.bare_per_s, row.ours_per_s, row.answer_ms) > 0
    assert row.in_flight == (1 if server.server.name == "cog" else 8)
