"""What somebody has asked for, nobody asks for again until that came to nothing."""

from __future__ import annotations

from collections.abc import Sequence

from bbprompt.ledger import Ledger, Reservation
from tests.ledger.conftest import OpenLedger, keys, scores


def claim(ledger: Ledger, wanted: Sequence[bytes], oracle: str = "a") -> Reservation | None:
    return ledger.claim(oracle, wanted, usd_per_query=None)


def test_what_somebody_has_asked_for_is_not_claimed_until_that_came_to_nothing(open_ledger: OpenLedger) -> None:
    one, two = open_ledger(), open_ledger()
    first = claim(one, keys(3))
    assert first is not None
    assert claim(two, keys(3, first=2)) is None
    assert claim(one, keys(1)) is None, "another thread of the same process"
    assert two.under_way("a", keys(1, first=2))
    assert not two.under_way("a", keys(1, first=3))
    assert claim(two, keys(2), oracle="b") is not None
    assert (two.spent.queries, two.spent.lost) == (5, 3)
    one.fail(first)
    assert not two.under_way("a", keys(3))
    assert claim(two, keys(3, first=2)) is not None


def test_what_is_answered_is_not_claimed(open_ledger: OpenLedger) -> None:
    one, two = open_ledger(), open_ledger()
    one.settle(one.reserve("a", keys(2), usd_per_query=None), scores(2), "logits")
    assert claim(two, keys(2, first=1)) is None
    assert not two.under_way("a", keys(2, first=1))
    assert two.spent.queries == 2


def test_what_a_closed_handle_had_asked_for_is_nobody_s(open_ledger: OpenLedger) -> None:
    with open_ledger() as gone:
        assert claim(gone, keys(2)) is not None
    ledger = open_ledger()
    assert not ledger.under_way("a", keys(2))
    assert claim(ledger, keys(2)) is not None
    assert ledger.spent.queries == 4, "what the other has sent may have been billed"
