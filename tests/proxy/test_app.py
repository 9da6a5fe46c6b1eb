"""What goes on, what ends here, and what comes back."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bbprompt.http_library import httpx
from bbprompt.proxy.headers import going_on
from bbprompt.proxy.upstream import Silent, Unreachable
from tests.proxy.conftest import Upstream
from tests.proxy.test_generic import png


def test_path_query_key_and_headers_go_on(start: Any, upstream: Upstream) -> None:
    headers = {
        "authorization": "Bearer secret",
        "x-custom": "1",
        "content-md5": "stale",
        "connection": "x-hop",
        "x-hop": "1",
    }
    start("generic")("POST", "/a%2Fb/c?key=v&key=w", content=png(), headers=headers)
    (got,) = upstream.requests
    assert str(got.url) == "https://api.test/base/a%2Fb/c?key=v&key=w"
    assert got.headers["host"] == "api.test"
    assert got.headers["authorization"] == "Bearer secret"
    assert got.headers["x-custom"] == "1"
    assert got.headers["content-length"] == str(len(got.content))
    assert not {"content-md5", "x-hop"} & set(got.headers)


def test_headers_of_one_connection_end_here() -> None:
    given = [
        ("Connection", "close, X-Mine"),
        ("X-Mine", "1"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Accept", "a"),
    ]
    assert going_on(given) == [("accept", "a")]


def test_questions_without_images_pass(start: Any, upstream: Upstream) -> None:
    answer = start("generic")("GET", "/v2/models/m")
    assert answer.json() == {"ok": 1}
    assert upstream.requests[0].method == "GET"


@pytest.mark.parametrize("is_here", [True, False])
def test_an_answer_comes_back_as_it_was(start: Any, upstream: Upstream, is_here: bool) -> None:
    upstream.is_here = is_here
    said = [("content-type", "text/x"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("keep-alive", "5")]
    upstream.answer = lambda _: httpx.Response(418, headers=said, content=b"a teapot")
    answer = start("generic")("POST", "/x", content=png())
    assert (answer.status_code, answer.content) == (418, b"a teapot")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "keep-alive" not in answer.headers


def test_a_redirect_around_the_prompt_is_an_error(start: Any, upstream: Upstream) -> None:
    upstream.answer = lambda _: httpx.Response(307, headers={"location": "https://api.test/elsewhere"})
    answer = start("generic")("POST", "/x", content=png())
    assert answer.status_code == 502
    assert "location" not in answer.headers


@pytest.mark.parametrize(("error", "status"), [(Silent("secret"), 504), (Unreachable("ConnectError"), 502)])
def test_an_upstream_that_fails_is_one_line(start: Any, upstream: Upstream, error: Exception, status: int) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    upstream.answer = fail
    answer = start("generic")("POST", "/x", content=png())
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_health_and_metrics_are_its_own_and_hold_nothing_of_the_caller(
    start: Any, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    ask = start("generic")
    assert ask("GET", "/healthz").json() == {"ok": True}
    ask("POST", "/secret?key=secret", content=png(), headers={"authorization": "secret"})
    ask("POST", "/secret", content=b"none")
    text = ask("GET", "/metrics").text
    assert 'bbprompt_proxy_requests_total{outcome="prompted"} 1.0' in text
    assert 'bbprompt_proxy_requests_total{outcome="refused"} 1.0' in text
    assert "bbprompt_proxy_images_total 1.0" in text
    assert "secret" not in text + caplog.text
    assert len(upstream.requests) == 1
