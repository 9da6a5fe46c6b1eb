"""Answers come back bit for bit, each to the image and the oracle that it was for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bbprompt.errors import UsageError
from bbprompt.ledger import image_key, repeat_key
from tests.ledger.conftest import OpenLedger, keys, scores


def test_an_answer_comes_back_bit_for_bit_after_reopening(open_ledger: OpenLedger) -> None:
    values = np.array([[1 / 3, -0.0, np.nan], [1e-45, 3.4e38, -7.0]], dtype=np.float32)
    with open_ledger() as ledger:
        ledger.settle(ledger.reserve("a", keys(2), usd_per_query=None), values, "top_k")
    found = open_ledger().look_up("a", keys(3))
    assert list(found) == keys(2)
    assert [found[key].values.tobytes() for key in keys(2)] == [row.tobytes() for row in values]
    assert {stored.answer for stored in found.values()} == {"top_k"}


def test_two_answers_to_one_image_in_one_request_are_both_kept(open_ledger: OpenLedger) -> None:
    ledger, (key,) = open_ledger(), keys(1)
    ledger.settle(ledger.reserve("a", [key, key], usd_per_query=None), scores(2), "logits", varies=True)
    found = ledger.look_up("a", [key, repeat_key(key, 1)])
    assert [found[k].values.tobytes() for k in (key, repeat_key(key, 1))] == [row.tobytes() for row in scores(2)]


def test_answers_that_vary_are_all_kept_in_their_turns(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    rows = [np.full((1, 3), turn, np.float32) for turn in range(3)]
    for row in rows:
        ledger.settle(ledger.reserve("a", keys(1), usd_per_query=None), row, "logits", varies=True)
    wanted = [repeat_key(keys(1)[0], turn) for turn in range(4)]
    found = ledger.look_up("a", wanted)
    assert [float(found[key].values[0]) for key in wanted[:3]] == [0, 1, 2]
    assert wanted[3] not in found


def test_oracles_do_not_share_answers(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.settle(ledger.reserve("a", keys(1), usd_per_query=None), scores(1), "logits")
    assert not ledger.look_up("b", keys(1))


def test_the_first_answer_to_an_image_stays(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    twice = [ledger.reserve("a", keys(1), usd_per_query=None) for _ in range(2)]
    for value, reservation in enumerate(twice):
        ledger.settle(reservation, np.full((1, 3), value, dtype=np.float32), "logits")
    assert ledger.look_up("a", keys(1))[keys(1)[0]].values.tolist() == [0, 0, 0]
    assert ledger.spent.queries == 2


def test_the_key_tells_shapes_apart() -> None:
    pixels = np.zeros((2, 6, 3), dtype=np.uint8)
    assert image_key(pixels) != image_key(pixels.reshape(6, 2, 3))
    assert image_key(pixels[:, ::2]) == image_key(pixels[:, ::2].copy())


def test_answers_that_do_not_match_the_reservation_are_refused(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    reservation = ledger.reserve("a", keys(2), usd_per_query=None)
    with pytest.raises(UsageError, match=r"float32 of shape \(2, k\), got float32 \(3, 3\)"):
        ledger.settle(reservation, scores(3), "logits")
    assert ledger.spent.in_flight == 2


def test_closing_twice_does_nothing(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.close()
    ledger.close()


def test_a_closed_ledger_is_one_file(open_ledger: OpenLedger, tmp_path: Path) -> None:
    with open_ledger() as ledger:
        ledger.reserve("a", keys(1), usd_per_query=None)
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite"]
