"""Whether a prompt's PNG goes with a run's classifier, classes, labels and images: asked before anything is paid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bbprompt.data.digest import digest
from bbprompt.errors import ConfigError, DataError
from bbprompt.label_digests import check_labels
from bbprompt.overlay import Overlay, read_overlay
from bbprompt.records import RUN_FILE
from bbprompt.task import Task

IMAGES = "images"
"""Key of an overlay's ``training``: what ``digest_splits`` says of the run's images."""


def read_matching(pngs: Sequence[Path], task: Task, *, split: str | None) -> list[Overlay]:
    """Read prompts that are to be scored on the images of ``split``; ``None`` if those may be any.

    Raises:
        OverlayError: a file is no prompt.
        ConfigError: a prompt was made for another size, other classes or labels, or with another seed.
        DataError: the images are not those of a prompt's run. What a PNG does not say is not asked.
    """
    overlays = [_read(png, task) for png in pngs]
    if split is not None:
        now = digest(getattr(task.splits, split))
        for png, overlay in zip(pngs, overlays, strict=True):
            _check_images(png, overlay, split, now)
    return overlays


def _read(png: Path, task: Task) -> Overlay:
    overlay = read_overlay(png)
    if overlay.template.canvas != task.spec.input_size or overlay.meta.classes != task.classes:
        raise ConfigError(
            f"{png} is for {len(overlay.meta.classes)} classes at {overlay.template.canvas} pixels, the run has "
            f"{len(task.classes)} at {task.spec.input_size}; give the run file it was made with"
        )
    check_labels(task.spec.labels, overlay.meta.training, whose=task.spec.name, prompt=str(png))
    _check_seed(png, overlay, task)
    return overlay


def _check_seed(png: Path, overlay: Overlay, task: Task) -> None:
    seed, config = overlay.meta.training.get("seed"), task.config
    if seed is not None and config.data.seed is None and seed != config.seed:
        raise ConfigError(
            f"{png} was trained with seed {seed}, the run file's is {config.seed}: it would draw other images, of which "
            f"some were trained on; give --seed {seed}, or the {RUN_FILE} beside the prompt"
        )


def _check_images(png: Path, overlay: Overlay, split: str, now: str) -> None:
    """A source that has changed is drawn from otherwise, and what was trained on becomes test images."""
    noted = overlay.meta.training.get(IMAGES)
    if isinstance(noted, dict) and noted.get(split, now) != now:
        raise DataError(
            f"the {split} images are not those of the run that left {png}, and some may have been trained on; put the "
            "old images back, or add --other-images if they are others on purpose"
        )
