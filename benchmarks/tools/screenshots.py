"""Pictures of the report and of the gallery, for the docs: wide by day, a phone by night.

make demo && python -m benchmarks.tools.screenshots
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from bbprompt.records import load_run
from bbprompt.report import open_exhibit, write_gallery, write_report
from benchmarks.browser import View, chromium, looking

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DEMO = Path("demo-out")
DOCS = Path(__file__).resolve().parents[2] / "docs"
VIEWS = (View("wide", 900, 1400, "light"), View("phone", 390, 1400, "dark"))
BETWEEN = 24


def main() -> None:
    """Write docs/report.png and docs/gallery.png."""
    folders = [DEMO / "query-only", DEMO / "gradient"]
    with TemporaryDirectory() as home, chromium() as browser:
        report, gallery = Path(home) / "report.html", Path(home) / "gallery.html"
        write_report(report, [load_run(folder) for folder in folders], title="query-only and gradient")
        write_gallery(gallery, [open_exhibit(folder) for folder in reversed(folders)], title="Prompts")
        for page in (report, gallery):
            side_by_side([shot(browser, page, view) for view in VIEWS]).save(
                DOCS / f"{page.stem}.png", optimize=True
            )


def shot(browser: Browser, page: Path, view: View) -> Image.Image:
    """The top of a page as such a screen shows it."""
    with looking(browser, view) as (opened, _):
        opened.goto(page.as_uri())
        return Image.open(BytesIO(opened.screenshot())).convert("RGB")


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
