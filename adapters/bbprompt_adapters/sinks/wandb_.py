"""Weights & Biases. Nothing of this machine goes along: no code, git state, packages, console, load or name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.registry import needs_extra
from bbprompt.tracking import TrackedRun


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``project`` and ``entity`` are the tracker's own; ``mode``: WANDB_MODE, if left out; ``dir``: for its files."""

    project: str = "bbprompt"
    entity: str | None = None
    mode: Literal["online", "offline"] | None = None
    dir: str | None = None


def log(run: TrackedRun, options: Mapping[str, object]) -> str:
    """Log a run's curves, figures, settings and prompt; return the run's URL, offline its folder.

    Raises:
        ConfigError: the extra ``wandb`` is not installed, or an unknown option.
    """
    chosen = convert(options, Options, where="--option")
    with needs_extra("wandb"):
        import wandb

    private = wandb.Settings(
        silent=True,
        host="unnamed",
        console="off",
        disable_code=True,
        disable_git=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    with wandb.init(
        project=chosen.project,
        entity=chosen.entity,
        mode=chosen.mode,
        dir=chosen.dir,
        name=run.name,
        config=dict(run.settings),
        settings=private,
    ) as sent:
        for point in run.points:
            sent.log(dict(point.values), step=point.step)
        if (outcome := run.outcome()) is not None:
            sent.log({**outcome.values, "prompt": wandb.Image(outcome.picture)}, step=outcome.step)
        return str(sent.dir if sent.offline else sent.url)
