"""What the installed wheel must do without extras: no torch, small, and it lays a prompt over an image."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

LIMIT_BYTES = 300_000_000
COMMAND = str(Path(sys.executable).with_name("bbprompt"))


def run(*arguments: str) -> str:
    return subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True).stdout


def check(claim: str, holds: bool) -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {claim}", flush=True)
    if not holds:
        sys.exit(1)


def installed_bytes() -> int:
    site = Path(sysconfig.get_paths()["purelib"])
    tools = ("pip", "setuptools")
    return sum(
        file.stat().st_size
        for file in site.rglob("*")
        if file.is_file() and not file.relative_to(site).parts[0].startswith(tools)
    )


check("torch is not installed", importlib.util.find_spec("torch") is None)
size = installed_bytes()
check(f"a remote-only install takes {size / 1e6:.0f} MB, at most {LIMIT_BYTES / 1e6:.0f}", size <= LIMIT_BYTES)
check("--help lists the commands", "apply" in run("--help"))
check("adapters names the HTTP oracle", "open-inference" in run("adapters"))
check("--version", importlib.metadata.version("bbprompt") in run("--version"))

from bbprompt.overlay import Overlay, OverlayMeta, write_overlay  # noqa: E402
from bbprompt.templates import make_template  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    here = Path(folder)
    template = make_template("padding", canvas=(32, 32), size=4, blend="add")
    meta = OverlayMeta(oracle="smoke", classes=("a", "b"), label_map={"name": "identity"})
    levels = np.where(template.mask[..., None], 40, 0).repeat(3, axis=2)
    write_overlay(here / "prompt.png", Overlay(template, levels, meta))
    check(
        "show reads the chunk",
        json.loads(run("show", str(here / "prompt.png"), "--json"))["template"]["name"] == "padding",
    )
    Image.fromarray(np.full((32, 32, 3), 100, np.uint8)).save(here / "grey.png")
    run("apply", str(here / "prompt.png"), str(here / "grey.png"), "--out", str(here / "out"))
    pixels = np.asarray(Image.open(here / "out" / "grey.png"))
    check("apply adds 40 grey levels in the frame", int(pixels[0, 0, 0]) == 140 and int(pixels[16, 16, 0]) == 100)
