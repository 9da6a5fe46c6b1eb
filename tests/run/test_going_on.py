"""What may change between a run and its resume, and what may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from bbprompt.arrays import UInt8
from bbprompt.config import RunConfig, load_config, parse_config
from bbprompt.errors import BudgetExhausted, ConfigError, DataError, OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Scores
from bbprompt.overlay import read_overlay
from bbprompt.records import IMAGES, LEDGER, OVERLAY, RESULT, RUN_FILE, best_accuracy
from bbprompt.run import evaluate_png, fit_run
from bbprompt.task import open_task
from tests.run.conftest import Digits, document


def with_budget(queries: int, **tables: object) -> RunConfig:
    return parse_config(document(budget={"queries": queries}, **tables))


def paid_for(folder: Path) -> int:
    with Ledger.open(folder / LEDGER, budget=Budget()) as ledger:
        return ledger.spent.queries


@pytest.mark.parametrize("method", ["antithetic", "auto"])
def test_a_finished_run_goes_on_with_a_larger_budget_and_pays_nothing_twice(
    oracle: Digits, tmp_path: Path, method: str
) -> None:
    less, more = (with_budget(queries, fit={"method": method}) for queries in (700, 1_100))
    folder = tmp_path / "run"
    first = fit_run(less, folder)
    with pytest.raises(ConfigError, match="finished with a smaller budget; add --resume"):
        fit_run(more, folder)
    assert oracle.asked == paid_for(folder) == first.result.costs.queries
    second = fit_run(more, folder, resume=True)
    assert oracle.asked == paid_for(folder) == second.result.costs.queries
    assert 700 < oracle.asked <= 1_100
    assert load_config(folder / RUN_FILE).budget == more.budget
    assert fit_run(more, folder).result == second.result


def test_a_run_whose_budget_ended_before_there_was_a_prompt_goes_on_with_a_larger_one(
    oracle: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, query = tmp_path / "run", oracle.query

    def lost(images: UInt8) -> Scores:
        query(images)
        raise OracleError("the answer was lost on its way")

    monkeypatch.setattr(oracle, "query", lost)
    less = with_budget(318, fit={"method": "auto"})
    for _ in range(100):
        with pytest.raises((OracleError, BudgetExhausted)) as ended:
            fit_run(less, folder, resume=folder.exists())
        if ended.type is BudgetExhausted:
            break
    monkeypatch.setattr(oracle, "query", query)
    assert paid_for(folder) == oracle.asked <= 318
    found = fit_run(with_budget(1_000, fit={"method": "auto"}), folder, resume=True)
    assert found.result.prompt.n == 50
    assert paid_for(folder) == oracle.asked <= 1_000


def test_a_budget_is_not_lowered(oracle: Digits, tmp_path: Path) -> None:
    fit_run(with_budget(900), tmp_path / "run")
    asked = oracle.asked
    with pytest.raises(ConfigError, match=r"begun with a budget of 900 queries, and 800 queries are less"):
        fit_run(with_budget(800), tmp_path / "run", resume=True)
    assert oracle.asked == asked
    assert (tmp_path / "run" / RESULT).exists()


def test_a_service_may_move_and_be_paced_and_priced_otherwise(oracle: Digits, tmp_path: Path) -> None:
    options = {"url": "http://127.0.0.1:2", "key_env": "KEY", "requests_per_minute": 60, "usd_per_image": 0.002}
    before, after = (
        with_budget(900, oracle={"adapter": "features", **changed})
        for changed in ({"url": "http://there:1"}, options)
    )
    first = fit_run(before, tmp_path / "run")
    assert fit_run(after, tmp_path / "run").result == first.result


def test_a_service_of_another_name_is_not_paid_unasked(oracle: Digits, tmp_path: Path) -> None:
    """As where an adapter file's address is in the name, or the file was changed."""
    folder, config = tmp_path / "run", with_budget(900)
    fit_run(config, folder)
    (folder / RESULT).unlink()
    asked, oracle.spec = oracle.asked, replace(oracle.spec, name="features, moved")
    for again in (config, with_budget(2_000)):
        with pytest.raises(ConfigError, match=r"holds answers of features, and this is features, moved"):
            fit_run(again, folder, resume=True)
    with pytest.raises(ConfigError, match="copy it into one"):
        evaluate_png(folder / OVERLAY, config, split="test")
    assert oracle.asked == asked
    (tmp_path / "elsewhere").mkdir()
    copied = tmp_path / "elsewhere" / OVERLAY
    copied.write_bytes((folder / OVERLAY).read_bytes())
    assert evaluate_png(copied, config, split="test").accuracy.n == 50
    assert oracle.asked == asked + 50


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Digits as files, one folder a class."""
    digits = load_digits()
    for number in range(3):
        (tmp_path / "photos" / str(number)).mkdir(parents=True)
        for index in np.flatnonzero(digits.target == number)[:40]:
            pixels = (digits.images[index] * 15).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / str(number) / f"{index:04}.png")
    return tmp_path / "photos"


def of_photos(photos: Path, **tables: object) -> RunConfig:
    return with_budget(600, data={"source": f"folder:{photos}", "validation": 20, "test": 30}, **tables)


def add_a_photo_a_class(photos: Path) -> None:
    for folder in photos.iterdir():
        Image.fromarray(np.full((8, 8), 7, np.uint8)).save(folder / "0000_new.png")


def test_a_prompt_is_not_scored_on_images_that_a_changed_folder_makes_of_those_it_trained_on(
    oracle: Digits, photos: Path, tmp_path: Path
) -> None:
    config, folder = of_photos(photos), tmp_path / "run"
    fit_run(config, folder)
    before = {image.tobytes() for image in open_task(config).splits.train.images}
    asked = oracle.asked
    add_a_photo_a_class(photos)
    assert before & {image.tobytes() for image in open_task(config).splits.test.images}, "the harm"
    with pytest.raises(DataError, match=r"the test images are not those of the run .* put the old images back"):
        evaluate_png(folder / OVERLAY, config, split="test")
    assert oracle.asked == asked
    assert evaluate_png(folder / OVERLAY, config, split="test", other_images=True).accuracy.n == 30
    for added in photos.glob("*/0000_new.png"):
        added.unlink()
    assert evaluate_png(folder / OVERLAY, config, split="test").accuracy.n == 30


def test_more_shots_leave_the_test_images_what_they_are(oracle: Digits, config: RunConfig, tmp_path: Path) -> None:
    fit_run(config, tmp_path / "run")
    more = parse_config(document(data={"shots": 9}))
    assert evaluate_png(tmp_path / "run" / OVERLAY, more, split="test").accuracy.n == 50
    with pytest.raises(DataError, match="the train images are not those"):
        evaluate_png(tmp_path / "run" / OVERLAY, more, split="train")


@pytest.mark.parametrize("noted", [True, False])
def test_a_run_does_not_go_on_with_other_images_where_it_has_noted_its_own(
    oracle: Digits, photos: Path, tmp_path: Path, noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, folder, query = of_photos(photos), tmp_path / "run", oracle.query

    def dying(images: UInt8) -> Scores:
        if oracle.asked > 300:
            raise OracleError("gone", billed=False)
        return query(images)

    monkeypatch.setattr(oracle, "query", dying)
    with pytest.raises(OracleError, match="gone"):
        fit_run(config, folder)
    monkeypatch.setattr(oracle, "query", query)
    add_a_photo_a_class(photos)
    if noted:
        asked = oracle.asked
        with pytest.raises(ConfigError, match=r"began with other images: its train, validation, test images"):
            fit_run(config, folder, resume=True)
        assert oracle.asked == asked
        for added in photos.glob("*/0000_new.png"):
            added.unlink()
    else:  # as a run that began before runs did
        (folder / IMAGES).unlink()
    assert fit_run(config, folder, resume=True).result.prompt.n == 30
    assert ("images" in read_overlay(folder / OVERLAY).meta.training) is noted


def test_a_finished_run_does_not_go_on_with_other_images(oracle: Digits, photos: Path, tmp_path: Path) -> None:
    config, folder = of_photos(photos), tmp_path / "run"
    first = fit_run(config, folder)
    add_a_photo_a_class(photos)
    more = msgspec.structs.replace(config, budget=msgspec.structs.replace(config.budget, queries=900))
    with pytest.raises(ConfigError, match="began with other images"):
        fit_run(more, folder, resume=True)
    assert fit_run(config, folder).result == first.result


def test_a_prompt_is_not_scored_on_images_that_another_seed_trained_on(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    fit_run(config, tmp_path / "run")
    asked, other = oracle.asked, msgspec.structs.replace(config, seed=7)
    with pytest.raises(ConfigError, match=r"trained with seed 1, the run file's is 7: .* give --seed 1"):
        evaluate_png(tmp_path / "run" / OVERLAY, other, split="test")
    assert oracle.asked == asked
    shared = msgspec.structs.replace(other, data=msgspec.structs.replace(config.data, seed=1))
    assert evaluate_png(tmp_path / "run" / OVERLAY, shared, split="test").accuracy.n == 50
    assert oracle.asked == asked


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (
            "lkjihgfedcba",
            r"features has the labels .* in another order, .* give them in the order that the run had",
        ),
        (
            "mnopqrstuvwx",
            r"features has other labels than .* now 'm', 'n' and 10 more; give those that the run had",
        ),
    ],
)
def test_a_prompt_is_not_scored_through_labels_that_its_map_was_not_fitted_to(
    oracle: Digits, config: RunConfig, tmp_path: Path, now: str, says: str
) -> None:
    fit_run(config, tmp_path / "run")
    asked, oracle.spec = oracle.asked, replace(oracle.spec, labels=tuple(now))
    alone = tmp_path / OVERLAY
    alone.write_bytes((tmp_path / "run" / OVERLAY).read_bytes())
    for png in (tmp_path / "run" / OVERLAY, alone):
        with pytest.raises(ConfigError, match=says):
            evaluate_png(png, config, split="test")
    assert oracle.asked == asked


def test_a_run_that_goes_on_keeps_the_prompt_that_likelihood_chose(oracle: Digits, tmp_path: Path) -> None:
    """Of a linear map, accuracy does not choose: the larger budget's last looks are likelier, and fewer are right."""
    tables = {
        "data": {"shots": 16, "validation": 60, "test": 50},
        "fit": {"method": "antithetic", "looks": 6, "step_levels": 4.0, "radius_levels": 8.0},
        "prompt": {"parametrisation": "coarse-grid", "cells": 3},
    }
    less, more = (parse_config(document(budget={"queries": n, "spare": 0}, **tables)) for n in (1_100, 1_800))
    folder = tmp_path / "run"
    first = fit_run(less, folder)
    png = (folder / OVERLAY).read_bytes()
    second = fit_run(more, folder, resume=True)
    known = len(first.history)
    assert second.history[:known] == first.history
    assert best_accuracy(second.history[known:]) <= best_accuracy(first.history)
    assert (folder / OVERLAY).read_bytes() != png
