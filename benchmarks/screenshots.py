"""Photograph the site, the demo's report and a gallery of its prompts, as docs/images shows them: `make screenshots`.

python -m benchmarks.screenshots, where site/ and demo-out/ are there
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bbprompt.report import open_exhibit, write_gallery
from benchmarks.browser import DESKTOP, PHONE, PHONE_DARK, View, chromium, hosted, looking

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
DEMO = ROOT / "demo-out"
COLOURS = 256


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    Attributes:
        name: of the file; the view's is added.
        page: file in the repository.
        view: how it is looked at.
        at: what the window is scrolled to, as a CSS selector; the top, if empty.
    """

    name: str
    page: str
    view: View
    at: str = ""


SHOTS = (
    Shot("site", "site/index.html", DESKTOP),
    Shot("site", "site/theory/queries.html", PHONE),
    Shot("site", "site/reference/run-file.html", PHONE_DARK),
    Shot("report", "demo-out/report.html", DESKTOP),
    Shot("report", "demo-out/report.html", PHONE),
    Shot("report", "demo-out/report.html", PHONE_DARK, at="#run-1 .examples"),
    Shot("gallery", "demo-out/gallery.html", DESKTOP),
    Shot("gallery", "demo-out/gallery.html", PHONE_DARK),
)


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(exist_ok=True)
    exhibits = [open_exhibit(DEMO / run) for run in ("gradient", "query-only")]
    write_gallery(DEMO / "gallery.html", exhibits, title="Prompts")
    with chromium() as browser, hosted(ROOT) as home:
        for shot in SHOTS:
            with looking(browser, shot.view) as (page, _):
                page.goto(home + shot.page, wait_until="networkidle")
                if shot.at:
                    page.locator(shot.at).scroll_into_view_if_needed()
                    page.evaluate("s => document.querySelector(s).scrollIntoView()", shot.at)
                _save(page.screenshot(), IMAGES / f"{shot.name}-{shot.view.name}.png")


def _save(png: bytes, path: Path) -> None:
    """Text and few colours: a palette makes a third of it."""
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
