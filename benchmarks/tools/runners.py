"""Run a block of docs/tools.md over folders: each holds ``prompt.png`` and ``photo.png``, and gets ``laid.png``."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.tools.page import Block

WITHIN_S = 1200
GIMP_MODES = {"add": "LAYER-MODE-GRAIN-MERGE-LEGACY", "over": "LAYER-MODE-NORMAL"}
REAL = {"convert": "ImageMagick 6", "magick": "ImageMagick 7"}
"""What a tool says that it is, where others have its name."""
UNPACKED = str(Path(__file__).resolve().parents[2] / ".imagemagick-7" / "bin")
"""Where `make test-tools` unpacks ImageMagick 7."""
Run = Callable[[Block, Sequence[Path]], None]


class ToolMissing(Exception):
    """A tool that is not installed, or something else under its name."""


def run_block(block: Block, folders: Sequence[Path]) -> None:
    """Run one block in every folder.

    Raises:
        ToolMissing: its tool is not here.
        subprocess.CalledProcessError: it failed.
    """
    RUNNERS[block.language](block, folders)


def _python(block: Block, folders: Sequence[Path]) -> None:
    if "cv2" in block.code and subprocess.run([sys.executable, "-c", "import cv2"], check=False).returncode:
        raise ToolMissing("OpenCV is not installed")
    each = (
        "import os, sys\n"
        "code = compile(sys.stdin.read(), 'docs/tools.md', 'exec')\n"
        "for folder in sys.argv[1:]:\n"
        "    os.chdir(folder)\n"
        "    exec(code, {})\n"
    )
    _call([sys.executable, "-c", each, *map(str, folders)], stdin=block.code)


def _bash(block: Block, folders: Sequence[Path]) -> None:
    tool = block.code.split()[0]
    found = find(tool)
    each = f'{tool}() {{ "{found}" "$@" < /dev/null; }}\nfor folder in "$@"; do cd "$folder"\n{block.code}\ndone'
    _call(["bash", "-euo", "pipefail", "-c", each, "bash", *map(str, folders)])


def _canvas(block: Block, folders: Sequence[Path]) -> None:
    chromium = find("chromium")
    with TemporaryDirectory() as home:
        page = Path(home) / "page.html"
        page.write_text(_page(block, folders), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home}/profile", "--dump-dom"]
        dom = _call([str(chromium), *flags, page.as_uri()])
    found = re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)
    assert found is not None, dom[-400:]
    for folder, uri in zip(folders, json.loads(found[1]), strict=True):
        (folder / "laid.png").write_bytes(base64.b64decode(uri.partition(",")[2]))


def _page(block: Block, folders: Sequence[Path]) -> str:
    """A page whose load event waits for every image, so that its document is then whole."""
    files = (folder / name for folder in folders for name in ("photo.png", "prompt.png"))
    images = "".join(f'<img src="{_uri(file)}">' for file in files)
    return f"""<!doctype html><pre></pre>{images}<script>
{block.code}
addEventListener("load", () => {{
  const images = [...document.images], laid = [];
  for (let i = 0; i < images.length; i += 2)
    laid.push(lay(images[i], images[i + 1], {json.dumps(block.blend)}).toDataURL("image/png"));
  document.querySelector("pre").textContent = JSON.stringify(laid);
}});
</script>"""


def _gimp(block: Block, folders: Sequence[Path]) -> None:
    mode = GIMP_MODES[block.blend]
    calls = [f'(lay "{f}/prompt.png" "{f}/photo.png" "{f}/laid.png" {mode})' for f in folders]
    with TemporaryDirectory() as home:
        script = Path(home) / "lay.scm"
        script.write_text("\n".join([block.code, *calls]), encoding="utf-8")
        quiet = ["-i", "-d", "-f", "--batch-interpreter", "plug-in-script-fu-eval"]
        ending = ["-b", f'(load "{script}")', "-b", "(gimp-quit 0)"]
        _call([str(find("gimp")), *quiet, *ending], environment={"HOME": home})


RUNNERS: Mapping[str, Run] = {"python": _python, "bash": _bash, "javascript": _canvas, "scheme": _gimp}


def find(tool: str) -> Path:
    """The tool itself, not something of the same name.

    Raises:
        ToolMissing: there is none.
    """
    for folder in (*os.get_exec_path(), UNPACKED):
        path = shutil.which(tool, path=folder)
        if path and (tool not in REAL or _says(path, REAL[tool])):
            return Path(path)
    raise ToolMissing(f"{REAL.get(tool, tool)} is not installed; `make test-tools` installs it")


def _says(path: str, word: str) -> bool:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return word in said.stdout


def _uri(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _call(command: Sequence[str], *, stdin: str = "", environment: Mapping[str, str] = {}) -> str:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command[:3], done.stdout, done.stderr[-2000:])
    return done.stdout
