"""Every page of the site, and a report, in a real browser: nothing asked for elsewhere, no scrolling sideways, AA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bbprompt.config import parse_config
from bbprompt.report import write_report
from bbprompt.run import fit_run
from benchmarks.browser import DESKTOP, VIEWS, View, faint, hosted, looking, overhang
from tests.fake_runs import gradient_run
from tests.run.conftest import Digits, document, opens

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SITE = Path(__file__).resolve().parents[2] / "site"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
OWN = ("data:", "blob:")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    if not (SITE / "index.html").exists():
        pytest.skip("the site is built by `make docs`")
    with hosted(SITE) as address:
        yield address


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The report of a real run, and of one made up, so that there are two sections and both kinds of curve."""
    opens(Digits(), monkeypatch)
    run = fit_run(parse_config(document()), tmp_path / "query-only")
    write_report(tmp_path / "report.html", [run, gradient_run()], title="Digits")
    return (tmp_path / "report.html").as_uri()


def looks_right(browser: Browser, address: str, view: View, *, home: str) -> None:
    with looking(browser, view) as (page, asked):
        page.goto(address, wait_until="networkidle")
        assert overhang(page) == 0
        if view is not DESKTOP:  # its colours are the phone's by day
            assert faint(page) == []
    assert asked[0] == address
    assert [url for url in asked if not url.startswith((home, *OWN))] == []


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("page", PAGES or ["index.html"])
def test_a_page_of_the_site(page: str, view: View, browser: Browser, site: str) -> None:
    looks_right(browser, site + page, view, home=site)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_report(view: View, browser: Browser, report: str) -> None:
    looks_right(browser, report, view, home=report)


def test_the_search_of_the_site_finds_what_is_searched(browser: Browser, site: str) -> None:
    with looking(browser, DESKTOP) as (page, asked):
        page.goto(site + "index.html", wait_until="networkidle")
        page.locator(".md-search__input").click()
        page.locator(".md-search__input").press_sequentially("antithetic")
        page.locator(".md-search-result__link", has_text="Method antithetic").wait_for()
    assert all(url.startswith((site, *OWN)) for url in asked)
