"""A full disk is one line that names the file; the old file stays, and no part of a new one is left."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bbprompt.atomic import write_atomically
from bbprompt.checkpoint import load_state, save_state
from bbprompt.errors import UsageError
from bbprompt.records import Examples

FULL = Path("/dev/full")
IMAGES = np.zeros((2, 8, 8, 3), dtype=np.uint8)
TARGETS = np.zeros(2, dtype=np.int64)
EXAMPLES = Examples(before=IMAGES, after=IMAGES, targets=TARGETS, predicted_before=TARGETS, predicted_after=TARGETS)
WRITERS: dict[str, Callable[[Path], None]] = {
    "bytes": lambda path: write_atomically(path, b"new" * 100_000),
    "checkpoint": lambda path: save_state(path, {"a": 2}),
    "examples": EXAMPLES.save,
}


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_is_told_and_the_old_file_stays(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path, partial = tmp_path / "state", tmp_path / "state.partial"
    save_state(path, {"a": 1})
    partial.symlink_to(FULL)
    with pytest.raises(UsageError, match=f"there is no room for {path}; free some disk space, then resume"):
        write(path)
    assert load_state(path) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_other_failures_keep_their_meaning_and_leave_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "the disk is dying")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="the disk is dying"):
        write_atomically(tmp_path / "state", b"new")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "state", b"new")
