"""Put the measured figures into the README: the demo's table and prompt, and the tables of benchmarks/results.

make demo && python -m benchmarks.readme
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from bbprompt.overlay import read_overlay
from bbprompt.records import OVERLAY, ResultRecord
from bbprompt.table import accuracy, count, markdown_table
from benchmarks import RESULTS
from benchmarks.digits import Measured
from benchmarks.queries.store import Store
from benchmarks.queries.summary import summarise
from benchmarks.queries.table import markdown
from benchmarks.queries.verdict import headline

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DEMO = Path("demo-out")
PICTURE = ROOT / "docs" / "prompt.png"
ENLARGED = 3
TABLE = RESULTS / "queries" / "table.md"
OVERVIEW = (
    "![Accuracy against queries with all scores and 16 images a class, mean over seeds: auto with its 95 % interval, the "
    "peers, the map alone and gradients](benchmarks/results/queries/overview.png)"
)
FAIRNESS = """\
Test accuracy of the whole system, prompt and map; the plan of the grid is `benchmarks/queries/plan.py`.

- **Peers.** The five tasks of small networks with all scores and 16 images a class against every peer, and so
  resnet20's two with each kind of answer and number of images, resnet56's two with each kind of answer; the other
  lines against tuned NES, pairs and SPSA-GC, and BAR. Each is run at its paper's settings and tuned
  (`python -m benchmarks.queries tune`: eight trials, the paper's settings among them, of one seed on another
  network, with all scores and 16 images a class at 2,000 and 5,000 queries, which is little, so that some rows are
  worse for it). Guided ES, P-RGF and AReS carried back take minutes a cell: on resnet20's digits alone.
- **Seeds.** Up to five on the small networks, three on Lite0 and ConSE; the table says of each row how many. 'all'
  is 50 images a class, 20 of textures. Validation is for selection alone in the grid.
- **Small budgets.** At 500 queries (1,000 with all) most peers have room for a first look and for no step; `auto`
  skips that look there, which a run with a linear map, that has paid for it, cannot.
- **Columns.** Two are `auto` minus the peer that it beats by least, at 1,000 and at the most queries; the last is
  `auto` minus a local model that answers in the service's stead. All differences are seed by seed.
- **What `auto` has seen.** Its parts were developed on other seeds of the tasks with digits and MNIST, some forty
  variants, whose images the grid's tests share in part, as seeds draw from one pool. Resnet44 and textures at 32
  pixels were seen by nobody before.

Every row, and where `auto` does not beat a peer: [table.md](benchmarks/results/queries/table.md), and as
[curves](benchmarks/results/queries/curves.png); [what its parts are worth](benchmarks/results/queries/ablation.md);
[why it is hard](docs/theory/queries.md#it-is-worse-than-that)."""


def main() -> None:
    """Rewrite what lies between the README's markers."""
    text = README.read_text(encoding="utf-8")
    text = put(text, "demo", transcript())
    text = put(text, "results", "\n\n".join([digits(), queries()]))
    README.write_text(text, encoding="utf-8")
    picture(DEMO / "gradient" / OVERLAY)


def put(text: str, name: str, content: str) -> str:
    """Replace what stands between the two markers called ``name``."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    found, times = re.subn(f"{begin}.*{end}", lambda _: f"{begin}\n{content}\n{end}", text, flags=re.DOTALL)
    assert times == 1, name
    return found


def transcript() -> str:
    """What a finished demo prints."""
    command = [sys.executable, "-m", "bbprompt", "demo", "--out", str(DEMO)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    lines = (line.rstrip() for line in printed.splitlines())
    return "\n".join(["```", "$ bbprompt demo --out demo-out", *lines, "```"])


def digits() -> str:
    """Table of ``benchmarks.digits``."""
    measured = msgspec.json.decode((RESULTS / "digits.json").read_bytes(), type=Measured)
    heading = "### `python -m benchmarks.digits`: Lite0 at 112 px reads digits, one-to-one map, 400 training images"
    shown = markdown_table(("method", "seed", "no prompt", "prompt", "queries"), map(_digits_row, measured.runs))
    return "\n".join([heading, "", shown])


def _digits_row(run: ResultRecord) -> tuple[str, ...]:
    reached = (accuracy(run.no_prompt), accuracy(run.prompt))
    return (run.method, str(run.seed), *reached, count(run.costs.queries))


def queries() -> str:
    """Headline of ``benchmarks.queries``, as far as it was measured; the whole table goes beside the figures."""
    groups = summarise(Store(RESULTS / "queries").records())
    if not groups:
        return "### `python -m benchmarks.queries run`: not measured yet"
    TABLE.write_text(markdown(groups, against="auto"), encoding="utf-8")
    shown = (FAIRNESS, OVERVIEW, headline(groups, "auto"))
    return "\n\n".join(["### `python -m benchmarks.queries run`", *shown])


def picture(png: Path) -> None:
    """Show a prompt: its levels stretched to the whole range, enlarged."""
    levels = read_overlay(png).levels
    stretched = 127.5 + levels * (127.5 / np.abs(levels).max())
    pixels = stretched.round().astype(np.uint8).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    PICTURE.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
