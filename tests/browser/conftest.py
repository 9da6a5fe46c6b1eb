"""A real browser, where `make test-tools` has put one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from benchmarks.browser import chromium
from benchmarks.tools.runners import ToolMissing

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not os.environ.get("BBPROMPT_TEST_TOOLS"):
        pytest.skip("a browser is driven in `make test-tools`")
    pytest.importorskip("playwright", reason="`make test-tools` installs Playwright")
    try:
        with chromium() as started:
            yield started
    except ToolMissing as missing:
        pytest.skip(str(missing))
