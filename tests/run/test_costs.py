"""What a run pays: no more than it has planned, no map twice, and nothing for what cannot work."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.check import check_run
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import ConfigError
from bbprompt.plan import looked, make_plan
from bbprompt.run import fit_run
from bbprompt.task import open_task
from tests.run.conftest import Digits, document


def test_the_row_to_beat_is_fitted_to_as_many_images_and_costs_no_more(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    run, task = fit_run(config, tmp_path / "run"), open_task(config)
    train, validation, test = task.splits.train, task.splits.validation, task.splits.test
    plain = Digits().query(task.plain(np.concatenate([train.images, validation.images])))
    label_map = task.fit_map(plain, np.concatenate([train.targets, validation.targets])).whole
    right = label_map(Digits().query(task.plain(test.images)).log()).argmax(axis=1) == test.targets
    assert run.result.no_prompt.correct == right.sum()
    assert make_plan(task).baseline == len(train), "validation's unprompted answers are the first look's"


def test_where_the_first_look_is_prompted_the_row_to_beat_is_planned_for(oracle: Digits, tmp_path: Path) -> None:
    config = parse_config(document(prompt={"template": "padding", "blend": "over", "size": 2}))
    task = open_task(config)
    train, validation = len(task.splits.train), len(task.splits.validation)
    assert make_plan(task).baseline == train + validation
    run = fit_run(config, tmp_path / "run")
    assert run.result.stopped == "done"
    assert run.result.costs.queries == oracle.asked <= 900


def test_a_budget_for_hardly_a_look_is_kept_where_the_row_to_beat_is_one_already(
    oracle: Digits, tmp_path: Path
) -> None:
    queries = 80 + 2 * 50 + 140  # to train on, to test, and less than would pay for them once more and two looks
    config = parse_config(document(fit={"method": "auto"}, budget={"queries": queries, "spare": 0}))
    assert looked(open_task(config))
    run = fit_run(config, tmp_path / "run")
    assert (run.result.stopped, run.result.costs.queries) == ("done", oracle.asked)
    assert oracle.asked <= queries


@pytest.mark.parametrize("labels", [{"map": "identity"}, {"map": "mean", "sources": 2}, {"map": "swapped"}])
def test_a_map_that_cannot_be_fitted_is_refused_before_a_query(
    oracle: Digits, tmp_path: Path, labels: dict[str, Any]
) -> None:
    for carry_out in (check_run, partial(fit_run, folder=tmp_path / "run")):
        with pytest.raises(ConfigError, match="label map"):
            carry_out(parse_config(document(labels=labels)))
    assert oracle.asked == 0
    assert not (tmp_path / "run").exists()
