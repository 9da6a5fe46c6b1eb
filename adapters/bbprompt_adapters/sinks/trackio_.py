"""trackio: local by default, in the folder that TRACKIO_DIR names; ``space_id`` sends to a Space of the hub."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout

import msgspec

from bbprompt.config_struct import convert
from bbprompt.registry import needs_extra
from bbprompt.tracking import TrackedRun


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``project`` and ``space_id`` are the tracker's own."""

    project: str = "bbprompt"
    space_id: str | None = None


def log(run: TrackedRun, options: Mapping[str, object]) -> str:
    """Log a run's curves, figures, settings and prompt; return its project and name.

    Raises:
        ConfigError: the extra ``trackio`` is not installed, or an unknown option.
    """
    chosen = convert(options, Options, where="--option")
    with needs_extra("trackio"):
        import trackio

    with redirect_stdout(sys.stderr):  # it greets on standard output
        sent = trackio.init(
            chosen.project,
            name=run.name,
            space_id=chosen.space_id,
            config=dict(run.settings),
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        try:
            for point in run.points:
                sent.log(dict(point.values), step=point.step)
            if (outcome := run.outcome()) is not None:
                sent.log({**outcome.values, "prompt": trackio.Image(outcome.picture)}, step=outcome.step)
        finally:
            sent.finish()
    return f"{chosen.project}/{sent.name}"
