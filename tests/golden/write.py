"""Write the golden files that are missing: ``python -m tests.golden.write``. One that exists is never replaced.

They stand for PNGs in people's hands. Where a test says that one reads differently, the code is wrong, or the
format needs a new version with a folder of its own.
"""

from __future__ import annotations

from PIL import Image

from bbprompt.overlay import write_overlay
from tests.golden.cases import CASES, FOLDER, image, overlay_of

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, blend in CASES:
        overlay, path = overlay_of(name, blend), FOLDER / f"{name}-{blend}.png"
        if not path.exists():
            write_overlay(path, overlay)
            Image.fromarray(overlay.apply(image())[0]).save(path.with_suffix(".laid.png"))
