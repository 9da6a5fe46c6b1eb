"""Pictures of the report and of the gallery, for the docs: wide by day, a phone by night.

make demo && python -m benchmarks.tools.screenshots
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from bbprompt.records import load_run
from bbprompt.report import open_exhibit, write_gallery, write_report
from benchmarks.tools.runners import find

DEMO = Path("demo-out")
DOCS = Path(__file__).resolve().parents[2] / "docs"
VIEWS = (("light", 900), ("dark", 390))
HEIGHT = 1400
BETWEEN = 24


def main() -> None:
    """Write docs/report.png and docs/gallery.png."""
    folders = [DEMO / "query-only", DEMO / "gradient"]
    with TemporaryDirectory() as home, chromium() as browser:
        report, gallery = Path(home) / "report.html", Path(home) / "gallery.html"
        write_report(report, [load_run(folder) for folder in folders], title="query-only and gradient")
        write_gallery(gallery, [open_exhibit(folder) for folder in reversed(folders)], title="Prompts")
        for page in (report, gallery):
            side_by_side([shot(browser, page, scheme, width) for scheme, width in VIEWS]).save(
                DOCS / f"{page.stem}.png", optimize=True
            )


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's, without a window.

    Raises:
        ToolMissing: it is not here; `make test-tools` installs it.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find("chromium")), args=["--no-sandbox"])
        yield browser
        browser.close()


def shot(browser: Any, page: Path, scheme: str, width: int) -> Image.Image:
    """The top of a page as such a screen shows it."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    opened = context.new_page()
    opened.goto(page.as_uri())
    picture = Image.open(BytesIO(opened.screenshot())).convert("RGB")
    context.close()
    return picture


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Pictures of one height on a white ground, with as few colours as they need."""
    width = sum(picture.width for picture in pictures) + BETWEEN * (len(pictures) - 1)
    whole, left = Image.new("RGB", (width, pictures[0].height), "white"), 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + BETWEEN
    return whole.quantize(256)


if __name__ == "__main__":
    main()
