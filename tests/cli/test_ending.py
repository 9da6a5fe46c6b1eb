"""SIGTERM ends a run as Ctrl-C does: what is in flight is waited for and kept, and the status says which it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bbprompt.cli.ending import Terminated, terminable
from bbprompt.config import dump_config, parse_config
from bbprompt.ledger import Ledger
from bbprompt.records import LEDGER
from tests.run.conftest import document

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys, time
from pathlib import Path
import bbprompt.task
from bbprompt.cli import main
from tests.run.conftest import Digits

class Slow(Digits):
    def query(self, images):
        scores = super().query(images)
        time.sleep(0.2)
        return scores

run_file, folder, note = sys.argv[1:]
bbprompt.task.open_oracle = lambda adapter, options: Slow(Path(note))
main(["fit", run_file, "--out", folder])
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("signals", "status"),
    [([signal.SIGTERM], 143), ([signal.SIGTERM, signal.SIGTERM], 143), ([signal.SIGINT], 130)],
    ids=["SIGTERM", "SIGTERM twice", "SIGINT"],
)
def test_what_is_under_way_is_kept_and_how_to_go_on_is_said(
    signals: list[signal.Signals], status: int, tmp_path: Path
) -> None:
    run_file, note = tmp_path / "run.toml", tmp_path / "note"
    run_file.write_text(dump_config(parse_config(document())), encoding="utf-8")
    command = [sys.executable, "-c", CHILD, str(run_file), str(tmp_path / "run"), str(note)]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while child.poll() is None and (not note.exists() or note.stat().st_size < 60):
        time.sleep(0.01)
    for each in signals:
        child.send_signal(each)
        time.sleep(0.05)
    _, said = child.communicate(timeout=60)
    assert child.returncode == status
    assert "interrupted; what was paid for is kept" in said
    assert "Traceback" not in said
    with Ledger.open_to_read(tmp_path / "run" / LEDGER) as ledger:
        spent = ledger.spent
    assert (spent.answered, spent.failed, spent.lost) == (note.stat().st_size, 0, 0)


def test_a_signal_that_somebody_uses_is_left_to_him() -> None:
    with terminable():
        with pytest.raises(Terminated):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with terminable():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_a_thread_leaves_signals_alone() -> None:
    def enter() -> None:
        with terminable():
            found.append(signal.getsignal(signal.SIGTERM))

    found: list[object] = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]
