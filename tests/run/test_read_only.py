"""A run in an archive: what its ledger holds is billed, replayed and scored again where nothing may be written."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bbprompt.bill import read_bill
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import UsageError
from bbprompt.ledger import Budget, Ledger
from bbprompt.records import LEDGER, OVERLAY
from bbprompt.run import evaluate_png, fit_run
from tests.faults.children import leave_as_killed
from tests.restraints import no_room_beyond, without_privileges
from tests.run.conftest import Digits, document


def freeze(folder: Path) -> None:
    """Nobody may write here, which binds even root's test once it has no privileges."""
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)


@pytest.fixture
def archived(oracle: Digits, config: RunConfig, tmp_path: Path) -> Iterator[Path]:
    fit_run(config, tmp_path / "paid")
    archive = Path(shutil.copytree(tmp_path / "paid", tmp_path / "archive"))
    freeze(archive)
    asked = oracle.asked
    yield archive
    assert oracle.asked == asked
    archive.chmod(0o755)


def test_its_bill_is_read(archived: Path) -> None:
    expected = read_bill(archived / LEDGER)
    assert expected[-1].answered > 0
    with without_privileges():
        assert read_bill(archived / LEDGER) == expected


def test_it_is_replayed(archived: Path, config: RunConfig, tmp_path: Path) -> None:
    again = tmp_path / "again"
    with without_privileges():
        fit_run(config, again, replay=archived)
    assert (again / OVERLAY).read_bytes() == (archived / OVERLAY).read_bytes()


def test_its_prompt_is_scored_from_what_is_held_and_what_is_not_is_told(archived: Path, config: RunConfig) -> None:
    expected, more = fit_run(config, archived).result.prompt, parse_config(document(data={"test": 300}))
    with without_privileges():
        assert evaluate_png(archived / OVERLAY, config, split="test").accuracy.value == expected.accuracy
        archive = str(archived / LEDGER)
        with pytest.raises(UsageError, match=rf"{archive} may only be read, and holds no answer to \d+ of the im"):
            evaluate_png(archived / OVERLAY, more, split="test", other_images=True)


def test_a_bill_leaves_nothing_behind_and_changes_nothing(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    fit_run(config, tmp_path / "run")
    before = {file: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    read_bill(tmp_path / "run" / LEDGER)
    assert {file: file.read_bytes() for file in (tmp_path / "run").iterdir()} == before


def test_what_a_killed_run_left_is_billed_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / LEDGER
    leave_as_killed(path)
    assert (tmp_path / f"{LEDGER}-wal").stat().st_size
    freeze(tmp_path)
    with without_privileges():
        assert read_bill(path)[-1].pending == 1


def test_what_is_no_ledger_is_refused_for_reading(tmp_path: Path) -> None:
    path = tmp_path / LEDGER
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is not a ledger; move it away"):
        read_bill(path)
    assert path.read_bytes() == before


def test_where_a_replay_has_no_room_its_own_folder_is_named(tmp_path: Path) -> None:
    source, target = tmp_path / "source.sqlite", tmp_path / "target.sqlite"
    with Ledger.open(source, budget=Budget()) as ledger:
        for number in range(100):
            ledger.describe(f"oracle {number}", "{}" * 1000)
    with Ledger.open_to_read(source) as ledger:
        with no_room_beyond(8192), pytest.raises(UsageError, match=str(target)) as caught:
            ledger.copy_to(target)
        assert str(source) not in str(caught.value)
        assert sorted(file.name for file in tmp_path.iterdir() if "target" in file.name) == []
        ledger.copy_to(target)
