"""Several processes on one ledger, and killed ones: never more than the budget, nothing that was used is lost."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from multiprocessing.context import ForkServerContext
from pathlib import Path

import numpy as np
import pytest

from bbprompt.ledger import Budget, Ledger, image_key
from bbprompt.testing.fakes import FakeOracle, fake_images
from bbprompt.wrappers import paid
from tests.faults.children import (
    CALL,
    KEY,
    LEDGER,
    ROW,
    SEEN,
    SPEC,
    USED,
    Watched,
    ask_for,
    ask_on,
    drop_cut,
    records,
    spend_all,
)

KILLS = 12
IN_FLIGHT = SPEC.max_batch * 2 * SPEC.max_in_flight
"""Under way, and as many more that are being written down."""


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.children"])
    return context


@pytest.mark.parametrize(("budget", "batch"), [(60, 1), (83, 4)])
def test_a_budget_is_exact_under_4_processes(
    processes: ForkServerContext, tmp_path: Path, budget: int, batch: int
) -> None:
    children = [processes.Process(target=spend_all, args=(tmp_path, budget, batch, i)) for i in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    with Ledger.open(tmp_path / LEDGER, budget=Budget()) as ledger:
        fitting = budget - budget % batch
        assert len(records(tmp_path / SEEN, KEY)) == ledger.spent.queries == ledger.spent.answered == fitting


def test_processes_that_ask_for_the_same_images_pay_for_them_once(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    children = [
        processes.Process(target=ask_for, args=(tmp_path, 120), kwargs={"latency_s": 0.01}) for _ in range(3)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 3
    seen, used = records(tmp_path / SEEN, KEY), records(tmp_path / USED, ROW)
    assert len(seen) == len(set(seen)) == 120
    assert len(used) == 3 * 120
    assert len(set(used)) == 120, "each has got the same answers"


def test_a_killed_process_is_not_waited_for(processes: ForkServerContext, tmp_path: Path) -> None:
    child = processes.Process(target=ask_for, args=(tmp_path, SPEC.max_batch), kwargs={"latency_s": 60.0})
    child.start()
    while not records(tmp_path / SEEN, KEY):
        time.sleep(0.001)
    images = fake_images(SPEC.max_batch, spec=SPEC)
    with Ledger.open(tmp_path / LEDGER, budget=Budget()) as ledger:
        assert ledger.under_way(SPEC.name, list(map(image_key, images)))
        child.kill()
        child.join()
        paid(Watched(tmp_path / SEEN, latency_s=0), ledger).query(images)
        assert (ledger.spent.answered, ledger.spent.lost) == (SPEC.max_batch, SPEC.max_batch)


def kill_at_a_random_moment(processes: ForkServerContext, folder: Path, after_s: float) -> None:
    here, there = processes.Pipe()
    child = processes.Process(target=ask_on, args=(folder, there))
    child.start()
    here.recv()
    time.sleep(after_s)
    child.kill()
    child.join()
    assert child.exitcode == -9
    drop_cut(folder / SEEN, KEY)
    drop_cut(folder / USED, ROW)
    here.close()
    there.close()


def test_what_was_used_survives_kills_and_is_never_paid_twice(processes: ForkServerContext, tmp_path: Path) -> None:
    moments = random.Random(0)
    for _ in range(KILLS):
        kill_at_a_random_moment(processes, tmp_path, after_s=moments.uniform(0.0, 0.1))
        check_books(tmp_path)
    with Ledger.open(tmp_path / LEDGER, budget=Budget()) as ledger:
        assert ledger.spent.lost > 0, "no kill met a request in flight: the test shows nothing"
    go_on_to_the_end(tmp_path)


def check_books(folder: Path) -> None:
    seen, used = Counter(records(folder / SEEN, KEY)), records(folder / USED, ROW)
    with Ledger.open(folder / LEDGER, budget=Budget()) as ledger:
        spent, held = ledger.spent, ledger.look_up(SPEC.name, list(seen))
    for record in used:
        assert held[record[:KEY]].values.tobytes() == record[KEY:]
    assert spent.queries >= seen.total()
    assert (spent.answered, spent.failed, spent.in_flight) == (len(held), 0, 0)
    assert seen.total() - len(seen) <= spent.lost <= KILLS * IN_FLIGHT
    assert spent.usd == pytest.approx(spent.queries * 0.001)


def go_on_to_the_end(folder: Path) -> None:
    """Ask for all up to the call that was last killed: the answers are right, and only what is missing is sent."""
    reached = len(set(records(folder / USED, ROW))) + CALL
    images = fake_images(50_000, spec=SPEC)[:reached]
    before = Counter(records(folder / SEEN, KEY))
    with Ledger.open(folder / LEDGER, budget=Budget()) as ledger:
        missing = reached - len(ledger.look_up(SPEC.name, list(map(image_key, images))))
        scores = paid(Watched(folder / SEEN, latency_s=0), ledger).query(images)
    np.testing.assert_array_equal(scores.values, FakeOracle(SPEC).answer(images).values)
    assert Counter(records(folder / SEEN, KEY)).total() - before.total() == missing
