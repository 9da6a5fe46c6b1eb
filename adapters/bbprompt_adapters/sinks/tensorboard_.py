"""TensorBoard: event files, written by tensorboardX, which needs neither TensorFlow nor torch."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bbprompt.config_struct import convert
from bbprompt.registry import needs_extra
from bbprompt.tracking import TrackedRun


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``logdir``: the folder for the event files; ``tensorboard`` in the run's, if left out."""

    logdir: str | None = None


def log(run: TrackedRun, options: Mapping[str, object]) -> str:
    """Write a run's curves, prompt and settings; return the folder.

    Raises:
        ConfigError: the extra ``tensorboard`` is not installed, or an unknown option.
    """
    logdir = convert(options, Options, where="--option").logdir or str(run.folder / "tensorboard")
    with needs_extra("tensorboard"):
        from tensorboardX import SummaryWriter

    with SummaryWriter(logdir) as writer:
        rows = "".join(f"| {key} | {value} |\n" for key, value in run.settings.items())
        writer.add_text("settings", f"| setting | value |\n| --- | --- |\n{rows}", 0)
        for point in run.points:
            for name, value in point.values.items():
                writer.add_scalar(name, value, point.step)
            writer.flush()
        if (outcome := run.outcome()) is not None:
            for name, value in outcome.values.items():
                writer.add_scalar(name, value, outcome.step)
            writer.add_image("prompt", outcome.picture, outcome.step, dataformats="HWC")
    return logdir
