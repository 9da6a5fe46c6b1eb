"""Budgets hold exactly, in queries and in dollars, and no price that is unknown counts as none."""

from __future__ import annotations

import pytest

from bbprompt.errors import BudgetExhausted, ConfigError
from bbprompt.ledger import Aside, Budget
from tests.ledger.conftest import OpenLedger, keys, scores


def test_a_reservation_is_all_or_nothing_and_the_last_query_fits(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=5)
    ledger.reserve("a", keys(3), usd_per_query=None)
    with pytest.raises(BudgetExhausted, match="budget is 5 queries and 3 are spent: 3 more do not fit"):
        ledger.reserve("a", keys(3), usd_per_query=None)
    ledger.reserve("b", keys(2), usd_per_query=None)
    assert ledger.spent.queries == 5


def test_a_request_s_price_is_set_aside_and_settled_at_what_it_was(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=1.0)
    reservation = ledger.reserve("a", keys(2), usd_per_query=0.1, usd_per_request=0.5)
    assert ledger.spent.usd == pytest.approx(0.7)
    with pytest.raises(BudgetExhausted):
        ledger.reserve("a", keys(1, first=2), usd_per_query=0.1, usd_per_request=0.5)
    ledger.settle(reservation, scores(2), "logits", usd=0.3)
    assert ledger.spent.usd == pytest.approx(0.3)
    failed = ledger.reserve("a", keys(1, first=2), usd_per_query=0.1, usd_per_request=0.5)
    ledger.fail(failed)
    assert ledger.spent.usd == pytest.approx(0.9)


def test_what_is_set_aside_is_not_let_through_and_grows_with_what_failed(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=130)
    ledger.aside = Aside(queries=10)
    ledger.fail(ledger.reserve("a", keys(20), usd_per_query=None))
    with pytest.raises(BudgetExhausted, match="20 are spent, 12 are set aside for looks and the test: 99 more"):
        ledger.reserve("a", keys(99), usd_per_query=None)
    ledger.reserve("a", keys(98), usd_per_query=None)
    ledger.aside = Aside()
    ledger.reserve("a", keys(12, first=200), usd_per_query=None)


def test_a_bad_beginning_does_not_set_everything_aside(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=130)
    ledger.aside = Aside(queries=40)
    ledger.fail(ledger.reserve("a", keys(10), usd_per_query=None))
    ledger.reserve("a", keys(76), usd_per_query=None)


def test_dollars_are_set_aside_likewise(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=1.0)
    ledger.aside = Aside(queries=5, usd=0.5)
    ledger.reserve("a", keys(5), usd_per_query=0.1)
    with pytest.raises(BudgetExhausted, match=r"1 USD and 0\.5 are spent, 0\.5 are set aside"):
        ledger.reserve("a", keys(1, first=5), usd_per_query=0.1)


def test_what_was_not_billed_is_given_back_with_its_request(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=1.0)
    ledger.release(ledger.reserve("a", keys(2), usd_per_query=0.1, usd_per_request=0.5))
    assert ledger.spent.usd == 0


def test_dollars_are_exact_where_floats_are_not(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=0.3)
    for _ in range(3):
        ledger.reserve("a", keys(1), usd_per_query=0.1)
    assert ledger.spent.usd == 0.3
    with pytest.raises(BudgetExhausted, match=r"budget is 0\.3 USD and 0\.3 are spent: 1 more queries for 1e-08"):
        ledger.reserve("a", keys(1), usd_per_query=1e-8)


def test_an_unknown_price_is_never_shown_as_zero(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.reserve("priced", keys(2), usd_per_query=0.25)
    before = ledger.spent.usd
    unpriced = ledger.reserve("unpriced", keys(1), usd_per_query=None)
    assert (before, ledger.spent.usd) == (0.5, None)
    assert [(charge.oracle, charge.pending, charge.usd) for charge in ledger.bill()] == [
        ("priced", 2, 0.5),
        ("unpriced", 1, None),
    ]
    ledger.release(unpriced)
    assert ledger.spent.usd == 0.5


def test_a_dollar_budget_refuses_an_unknown_price(open_ledger: OpenLedger) -> None:
    with pytest.raises(ConfigError, match="needs the oracle's price, got none"):
        open_ledger(usd=1.0).reserve("a", keys(1), usd_per_query=None)


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(open_ledger: OpenLedger, price: float) -> None:
    with pytest.raises(ConfigError, match="usd_per_query must be 0 or more"):
        open_ledger().reserve("a", keys(1), usd_per_query=price)


@pytest.mark.parametrize("queries", [0, -1, 2.5])
def test_a_budget_of_no_queries_is_refused(queries: int) -> None:
    with pytest.raises(ConfigError, match=f"whole number from 1, got {queries}"):
        Budget(queries=queries)


@pytest.mark.parametrize("usd", [0, -1.0, float("nan"), float("inf")])
def test_a_budget_of_no_dollars_is_refused(usd: float) -> None:
    with pytest.raises(ConfigError, match=f"above 0, got {usd}"):
        Budget(usd=usd)


def test_a_budget_may_be_raised_later(open_ledger: OpenLedger) -> None:
    with open_ledger(queries=1) as ledger:
        ledger.reserve("a", keys(1), usd_per_query=None)
    open_ledger(queries=2).reserve("a", keys(1), usd_per_query=None)
