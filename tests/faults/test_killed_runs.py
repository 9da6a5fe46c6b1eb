"""A whole run, killed with -9 again and again, ends in the PNG of a run that was left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bbprompt.config import dump_config, parse_config
from bbprompt.ledger import Budget, Ledger
from bbprompt.records import LEDGER, OVERLAY
from tests.run.conftest import document

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6
WINDOW = 32
"""Images that a kill may lose: two requests of eight under way, and as many more that are being written down."""

CHILD = """
import sys, time
from pathlib import Path
import bbprompt.task
from bbprompt.config import load_config
from bbprompt.run import fit_run
from tests.run.conftest import Digits

class Slow(Digits):
    def query(self, images):
        time.sleep(0.004)
        return super().query(images)

run_file, folder, note = map(Path, sys.argv[1:])
bbprompt.task.open_oracle = lambda adapter, options: Slow(note)
fit_run(load_config(run_file), folder, resume=True)
"""


def start(run_file: Path, folder: Path, note: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(run_file), str(folder), str(note)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def served(note: Path) -> int:
    return note.stat().st_size if note.exists() else 0


def kill_when_served(child: subprocess.Popen[bytes], note: Path, images: int) -> None:
    """Kill the child once its oracle has seen so many images, or let it end first."""
    while child.poll() is None and served(note) < images:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()


@pytest.mark.timeout(240)
def test_killed_runs_resume_to_the_same_png_and_pay_twice_only_for_what_was_in_flight(tmp_path: Path) -> None:
    run_file = tmp_path / "run.toml"
    budget = {"queries": 900, "spare": KILLS * WINDOW}
    run_file.write_text(dump_config(parse_config(document(budget=budget))), encoding="utf-8")
    whole, whole_note = tmp_path / "whole", tmp_path / "whole.note"
    assert start(run_file, whole, whole_note).wait() == 0

    folder, note = tmp_path / "killed", tmp_path / "killed.note"
    for images in np.sort(np.random.default_rng(0).integers(1, served(whole_note), KILLS)):
        kill_when_served(start(run_file, folder, note), note, int(images))
    assert start(run_file, folder, note).wait() == 0

    assert (folder / OVERLAY).read_bytes() == (whole / OVERLAY).read_bytes()
    with Ledger.open(folder / LEDGER, budget=Budget(queries=900)) as ledger:
        spent = ledger.spent
    assert served(note) <= spent.queries <= 900
    assert served(note) - served(whole_note) <= spent.lost <= KILLS * WINDOW
