"""Several runs, one after the other, each with its own folder, ledger and budget."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bbprompt.config import RunConfig
from bbprompt.records import RunRecord
from bbprompt.run import fit_run


def compare_runs(configs: Mapping[str, RunConfig], folder: Path, *, resume: bool = False) -> list[RunRecord]:
    """Carry out each run in ``folder / name``; finished ones are read.

    Raises:
        BbpromptError: as ``fit_run``; runs that finished before keep their files.
    """
    return [fit_run(config, folder / name, resume=resume) for name, config in configs.items()]
