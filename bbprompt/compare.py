"""Several runs, one after the other, each with its own folder, ledger and budget."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bbprompt.config import RunConfig
from bbprompt.records import RunRecord
from bbprompt.run import fit_run, open_run
from bbprompt.runfolder import finished


def compare_runs(configs: Mapping[str, RunConfig], folder: Path, *, resume: bool = False) -> list[RunRecord]:
    """Carry out each run in ``folder / name``; finished ones are read.

    Raises:
        ConfigError, DataError: one of them cannot be run; nothing is queried then.
        BbpromptError: as ``fit_run``; runs that finished before keep their files.
    """
    # Opened here to find mistakes, and again to be run: several models need not fit into memory side by side.
    for name, config in configs.items():
        if not finished(folder / name, config, resume=resume):
            open_run(config)
    return [fit_run(config, folder / name, resume=resume) for name, config in configs.items()]
