"""A real browser, driven: Debian's Chromium by Playwright, and what it must find of a page."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.tools.runners import find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at: pixels of CSS, and by day or by night."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


DESKTOP = View("desktop", 1280, 900, "light")
PHONE = View("phone", 390, 844, "light")
PHONE_DARK = View("phone-dark", 390, 844, "dark")
VIEWS = (DESKTOP, PHONE, PHONE_DARK)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium.

    Raises:
        ToolMissing: there is none.
        ModuleNotFoundError: Playwright is not installed.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find("chromium")), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(browser: Browser, view: View, *, sharpness: float = 1.0) -> Iterator[tuple[Page, list[str]]]:
    """A new page in ``view``, and a list of every address that it asks for."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        device_scale_factor=sharpness,
    )
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    try:
        yield page, asked
    finally:
        context.close()


def overhang(page: Page) -> int:
    """How many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def faint(page: Page) -> list[str]:
    """Texts whose contrast with what lies behind them is less than WCAG's AA asks for, as axe-core finds them."""
    from axe_playwright_python.sync_playwright import Axe

    found: dict[str, Any] = Axe().run(page, options={"runOnly": ["color-contrast"]}).response
    nodes = [node for violation in found["violations"] for node in violation["nodes"]]
    return [f"{node['target']}: {node['any'][0]['message']}" for node in nodes]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; gives its address, which ends in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
