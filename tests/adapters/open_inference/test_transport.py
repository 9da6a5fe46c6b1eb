"""Every way in which HTTP fails: what it costs, whether to try again, and no key in any of it."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bbprompt.errors import OracleError
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.http.transport import Transport
from bbprompt_adapters.http.waiting import parse_retry_after
from bbprompt_adapters.open_inference.client import open_oracle

from .fakes import URL, Handler, foreign, images

KEY = "sk-very-secret"
OPTIONS: dict[str, object] = {"url": URL, "model": "m", "answer": "similarity"}


def fail(infer: Handler, **options: object) -> OracleError:
    oracle = open_oracle(OPTIONS | options, transport=foreign(infer))
    with pytest.raises(OracleError) as caught:
        oracle.query(images(1))
    assert "\n" not in str(caught.value)
    return caught.value


def raising(kind: type[httpx.TransportError]) -> Handler:
    def infer(request: httpx.Request) -> httpx.Response:
        raise kind("first line\nsecond line", request=request)

    return infer


def always(response: httpx.Response) -> Handler:
    return lambda _: response


@pytest.mark.parametrize(
    ("kind", "billed", "message"),
    [
        (httpx.ConnectError, False, "no server answers at"),
        (httpx.ConnectTimeout, False, "no server answers at"),
        (httpx.PoolTimeout, False, "no free connection"),
        (httpx.ReadTimeout, True, "was silent for too long"),
        (httpx.WriteTimeout, True, "was silent for too long"),
        (httpx.ReadError, True, r"broke \(first line second line\)"),
        (httpx.RemoteProtocolError, True, "broke"),
    ],
)
def test_broken_connections_may_be_tried_again(
    kind: type[httpx.TransportError], billed: bool, message: str
) -> None:
    error = fail(raising(kind))
    assert (error.billed, error.retryable) == (billed, True)
    with pytest.raises(OracleError, match=message):
        raise error


@pytest.mark.parametrize(
    ("statuses", "billed", "retryable"),
    [
        ((301, 400, 422), True, False),
        ((401, 403, 404, 405, 413, 415), False, False),
        ((408, 409, 500, 502, 503, 504), True, True),
        ((429,), False, True),
    ],
)
def test_statuses(statuses: tuple[int, ...], billed: bool, retryable: bool) -> None:
    for status in statuses:
        error = fail(always(httpx.Response(status, json={"error": "because\nof this"})))
        assert (error.billed, error.retryable, error.retry_after_s) == (billed, retryable, None)
        assert f"answered {status}" in str(error)
        assert str(error).split(": ", 1)[1].startswith("because of this")


def test_a_date_to_wait_for_is_read_by_the_service_s_own_clock() -> None:
    then = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    dates = {"Date": then, "Retry-After": then + timedelta(seconds=11)}
    headers = {name: format_datetime(date, usegmt=True) for name, date in dates.items()}
    assert fail(always(httpx.Response(429, headers=headers))).retry_after_s == 11


def test_retry_after_is_passed_on() -> None:
    error = fail(lambda _: httpx.Response(429, headers={"Retry-After": "7"}))
    assert error.retry_after_s == 7


def test_retry_after_in_all_its_forms() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)
    assert parse_retry_after(soon) == pytest.approx(90, abs=2)
    assert parse_retry_after(past) == 0
    assert [parse_retry_after(value) for value in ("0", "1.5", "-3")] == [0, 1.5, 0]
    assert [parse_retry_after(value) for value in (None, "", "soon", "nan", "inf")] == [None] * 5


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_KEY", KEY)
    seen: list[str] = []

    def infer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(403, json={"error": f"bad token {KEY}"})

    oracle = open_oracle(OPTIONS | {"key_env": "MODEL_KEY"}, transport=foreign(infer))
    with pytest.raises(OracleError, match=r"bad token \*\*\*; correct the key in .* 'MODEL_KEY'") as caught:
        oracle.query(images(1))
    assert seen == [f"Bearer {KEY}"]
    assert KEY not in f"{caught.value} {caught.value!r} {oracle!r} {oracle.spec!r} {vars(caught.value)}"


def test_a_page_instead_of_an_error_is_cut_to_one_line() -> None:
    error = fail(lambda _: httpx.Response(502, text="<html>\n" + "x" * 10**4))
    assert len(str(error)) < 300


def test_connections_close_with_the_oracle() -> None:
    oracle = open_oracle(OPTIONS, transport=foreign(lambda _: httpx.Response(500)))
    client = oracle._transport._client
    del oracle
    gc.collect()
    assert client.is_closed


def test_nobody_listens() -> None:
    transport = Transport("http://127.0.0.1:9", timeout_s=5, max_connections=1)
    start = time.monotonic()
    with pytest.raises(OracleError, match=r"no server answers at http://127\.0\.0\.1:9; start it with") as caught:
        transport.get("/v2", max_bytes=100)
    transport.close()
    assert (caught.value.billed, caught.value.retryable) == (False, True)
    assert time.monotonic() - start < 5
