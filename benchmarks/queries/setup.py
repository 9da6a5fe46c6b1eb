"""A cell as the library sees it: its run configuration, and the task opened from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import structs

from bbprompt.config import RunConfig, parse_config
from bbprompt.data import split
from bbprompt.losses import choose_loss
from bbprompt.names import look_up
from bbprompt.task import DATA, WHOLE, Task, make_prompt
from benchmarks.queries.answers import ANSWERS
from benchmarks.queries.method import Method
from benchmarks.queries.methods import GRADIENT
from benchmarks.queries.records import Cell
from benchmarks.queries.tasks import CLASSES, QUICK, TASKS, TUNING, BenchTask


def bench_task(name: str) -> BenchTask:
    """Return the task called ``name``."""
    return look_up("task", name, TASKS | QUICK | TUNING)


def configure(cell: Cell, method: Method) -> RunConfig:
    """Say what a cell runs with, as a run file would. Model and images go by the task's name, not by a path."""
    bench, answers = bench_task(cell.task), ANSWERS[cell.answers]
    shots = look_up("shots", cell.shots, bench.shots)
    loss = answers.loss(method.loss)
    prompt = {"template": WHOLE, **method.prompt}
    if method.share is not None:
        prompt["size"] = round(method.share * bench.side)
    fit = {"method": method.name, "loss": loss, "looks": method.looks, **method.options}
    if method.name == GRADIENT:
        fit |= {
            "loss": method.loss,
            "step_size": bench.gradient_step,
            "epochs": bench.gradient_passes // (CLASSES * shots.train),
        }
    data = {"shots": shots.train, "validation": shots.validation, "test": bench.test}
    return parse_config(
        {
            "seed": cell.seed,
            "oracle": {"adapter": cell.task, "answers": cell.answers},
            "data": {"source": cell.task, **data},
            "prompt": prompt,
            "labels": {"map": bench.label_map},
            "fit": fit,
        }
    )


def open_cell(cell: Cell, data: Path, method: Method) -> Task:
    """Open a cell's task; nothing is queried. The gradient reference sees all of the oracle."""
    bench, config, answers = bench_task(cell.task), _placed(configure(cell, method), data), ANSWERS[cell.answers]
    whole = bench.oracle(data)
    oracle = whole if method.name == GRADIENT else answers.wrap(whole)
    rng = np.random.default_rng([cell.seed, DATA])
    asked = config.data
    splits = split(bench.source(data), shots=asked.shots, validation=asked.validation, test=asked.test, rng=rng)
    prompt = make_prompt(config, oracle.spec.input_size)
    return Task(config, oracle, splits, prompt, choose_loss(config.fit.loss, oracle.spec.answer))


def _placed(config: RunConfig, data: Path) -> RunConfig:
    """Say where a student's weights lie, which the settings that are kept leave open."""
    told = config.fit.options.get("student_options", {})
    if not told:
        return config
    options = {**config.fit.options, "student_options": placed(told, data)}
    return structs.replace(config, fit=structs.replace(config.fit, options=options))


def placed(options: Mapping[str, str], data: Path) -> dict[str, str]:
    """A student's options with the folder of real data in them."""
    return {key: value.replace("{data}", str(data)) for key, value in options.items()}


def sealed(task: Task) -> Task:
    """The task as a method gets it: with no test images to look at."""
    return replace(task, splits=replace(task.splits, test=task.splits.train))
