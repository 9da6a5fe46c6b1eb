"""The baselines of the methods' table, each from a run file to its figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import torch

from bbprompt.arrays import Int, UInt8
from bbprompt.baselines.fine_tune import fine_tune
from bbprompt.baselines.linear_probe import Features, linear_probe
from bbprompt.baselines.normalised import fit_normalised
from bbprompt.config import RunConfig
from bbprompt.data import Dataset
from bbprompt.evaluate import Accuracy
from bbprompt.fit.by_gradient import as_log
from bbprompt.methods import gradient_settings
from bbprompt.overlay import read_overlay
from bbprompt.records import OVERLAY
from bbprompt.run import evaluate_ensemble, fit_run
from bbprompt.task import FIT, Task, open_task
from benchmarks.paper.records import Measured, record
from benchmarks.paper.unprompted import UNPROMPTED

MEMBERS = 3
"""Prompts of an ensemble; each image is as many queries."""

APART = 1000
"""Between the seeds of an ensemble's members."""


def probe(config: RunConfig) -> Measured:
    """Fit a linear probe to the model's features by CLIP's recipe; test it."""
    task = open_task(config)
    return _probed(task, task.plain)


def prompt_and_probe(config: RunConfig) -> Measured:
    """Train a prompt; then a linear probe on the features of prompted images, as the PNG makes them."""
    with TemporaryDirectory() as folder:
        costs = fit_run(config, Path(folder) / "run").result.costs
        overlay = read_overlay(Path(folder) / "run" / OVERLAY)
    return msgspec.structs.replace(_probed(open_task(config), overlay.apply), costs=costs)


def _probed(task: Task, show: Callable[[UInt8], UInt8]) -> Measured:
    oracle: Any = task.oracle
    train, validation, test = (
        Features(oracle.features(show(part.images)), part.targets)
        for part in (task.splits.train, task.splits.validation, task.splits.test)
    )
    return _counted(linear_probe(train, validation).predict(test.values), test.targets)


def ensemble(config: RunConfig) -> Measured:
    """Train several prompts on the same images, in orders of their own; their mean probability decides."""
    data = msgspec.structs.replace(config.data, seed=config.seed)
    members = [
        msgspec.structs.replace(config, data=data, seed=config.seed + APART * number) for number in range(MEMBERS)
    ]
    with TemporaryDirectory() as folder:
        folders = [Path(folder) / str(member.seed) for member in members]
        for member, at in zip(members, folders, strict=True):
            fit_run(member, at)
        found = evaluate_ensemble([at / OVERLAY for at in folders], members[0], split="test")
    return Measured(accuracy=record(found.accuracy))


def tuned(config: RunConfig) -> Measured:
    """Fine-tune a copy of the model; test it."""
    task = open_task(config)
    oracle: Any = task.oracle
    torch.manual_seed(config.seed)
    splits = task.splits
    predict = fine_tune(oracle, splits.train, splits.validation, prepare=task.plain, rng=task.rng(FIT))
    return _tested(predict, splits.test)


def normalised(config: RunConfig) -> Measured:
    """Train VP's prompt as its authors' code does, after normalisation and without a clip; test it. No PNG."""
    task = open_task(config)
    oracle: Any = task.oracle
    label_map = task.fit_map(UNPROMPTED.of(task)[0], task.splits.train.targets).whole
    prompt = fit_normalised(
        oracle,
        task.prompt.template.mask,
        task.splits.train,
        task.splits.validation,
        to_classes=lambda logits: label_map(as_log(logits, task.spec.answer)),
        prepare=task.plain,
        settings=gradient_settings(task),
        rng=task.rng(FIT),
    )
    return _tested(prompt.predict, task.splits.test)


def _tested(predict: Callable[[UInt8], Int], test: Dataset) -> Measured:
    return _counted(predict(test.images), test.targets)


def _counted(predicted: Int, targets: Int) -> Measured:
    return Measured(accuracy=record(Accuracy(int((predicted == targets).sum()), len(targets))))
