"""Credentials that end in mid-run: a command is asked for a new key, once; what cannot be renewed is told by its kind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bbprompt.errors import ConfigError, OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.wrappers import paid
from bbprompt_adapters.http.library import httpx
from tests.adapters.declarative.toy import EMBEDDING, IMAGES, change, served

PRINTS = "import pathlib, sys; runs = pathlib.Path(sys.argv[1]); n = len(runs.read_text()); "
PRINTS += "runs.write_text('.' * (n + 1)); print((sys.argv[2:] + [''] * 9)[n])"


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., list[str]]:
    """A command that prints one key after the other, and fails once there are no more."""
    (tmp_path / "runs").write_text("")
    return lambda *keys: [sys.executable, "-c", PRINTS, str(tmp_path / "runs"), *keys]


class Service:
    """Takes one key at a time, and can say which ones it saw."""

    def __init__(self, key: str) -> None:
        self.key, self.seen = key, list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers["authorization"].removeprefix("Bearer "))
        if self.seen[-1] != self.key:
            return httpx.Response(401, text=f"{self.seen[-1]} has expired")
        return httpx.Response(200, json={"scores": [[0.5, 0.5]] * 2})


def test_a_token_that_has_expired_is_fetched_anew_and_nothing_is_lost(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    service = Service("first-token")
    oracle = served(service, key_command=command("first-token", "second-token"))
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget()) as ledger:
        asking = paid(oracle, ledger)
        asking.query(IMAGES)
        service.key = "second-token"
        asking.query(255 - IMAGES)
        assert (ledger.spent.answered, ledger.spent.failed) == (4, 0)
    assert service.seen == ["first-token", "first-token", "second-token"]
    assert (tmp_path / "runs").read_text() == ".."


def test_many_at_once_fetch_it_once(command: Callable[..., list[str]], tmp_path: Path) -> None:
    service = Service("second-token")
    oracle = served(service, key_command=command("first-token", "second-token"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: oracle.query(IMAGES), range(40)))
    assert (tmp_path / "runs").read_text() == ".."


def test_a_new_one_that_is_refused_too_is_the_end_and_names_the_command(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    service = Service("another")
    oracle = served(service, key_command=command("first-token", "second-token"))
    with pytest.raises(
        OracleError, match=r"401 Unauthorized: \*\*\* has expired; what \[oracle\] key_command"
    ) as found:
        oracle.query(IMAGES)
    assert not found.value.billed
    assert "key_env" not in str(found.value)
    assert service.seen == ["first-token", "second-token"]


def test_no_key_that_was_ever_read_is_shown(command: Callable[..., list[str]]) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        if "second" in request.headers["authorization"]:
            return httpx.Response(400, text="first-token and second-token")
        return httpx.Response(401)

    oracle = served(echo, key_command=command("first-token", "second-token"))
    with pytest.raises(OracleError, match=r"\*\*\* and \*\*\*"):
        oracle.query(IMAGES)


def test_a_command_that_fails_then_costs_nothing_unless_something_was_sent_before(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    oracle = served(Service("another"), key_command=command("first-token"))
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget()) as ledger:
        with pytest.raises(ConfigError, match=r"key_command: .* printed no key; run it by hand"):
            paid(oracle, ledger).query(IMAGES)
        assert ledger.spent.queries == 0
    replies = iter([httpx.Response(200, json={"vector": [1, 0]}), httpx.Response(401)])
    (tmp_path / "runs").write_text("")
    oracle = served(lambda _: next(replies), EMBEDDING, key_command=command("first-token"))
    with pytest.raises(OracleError, match=r"key_command: .* printed no key") as caught:
        oracle.query(IMAGES[:1])
    assert caught.value.billed, "the image before it"


@pytest.mark.parametrize("auth", [{}, {"scheme": "query", "parameter": "key"}])
def test_a_key_of_the_environment_is_sent_once_and_its_variable_named(
    auth: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "wrong-key")
    asked: list[httpx.Request] = []
    oracle = served(
        lambda request: asked.append(request) or httpx.Response(401), change(auth=auth), key_env="TOY_KEY"
    )
    with pytest.raises(OracleError, match="correct the key in the environment variable 'TOY_KEY', or name another"):
        oracle.query(IMAGES)
    assert len(asked) == 1
