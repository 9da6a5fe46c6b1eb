"""The race: a layout or signs where the oracle knows images so, neither where it does not, and no faith in luck."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.checkpoint import load_state
from bbprompt.fit.layout import Layout, Place
from bbprompt.fit.openings import openings
from bbprompt.fit.race import lead, race
from bbprompt.fit.selection import Look, Selection
from bbprompt.oracle import Answer, Scores
from tests.fit.conftest import (
    Linear,
    Problem,
    Stopped,
    beginning,
    best,
    fit,
    images_of,
    with_one_image_of_a_class,
)
from tests.fit.racing import Centre, Make, arranged, problem_of


def test_an_oracle_that_knows_small_objects_is_shown_small_ones(make_problem: Make) -> None:
    found = fit(arranged(problem_of(make_problem, Centre())), queries=1500)
    assert found.prompt.template.prepare(np.full((1, 8, 8, 3), 7, np.uint8))[0, 0, 0].tolist() == [128] * 3
    assert best(found) > found.history[0].accuracy.accuracy + 0.1


@dataclass
class Dazzled(Linear):
    """Sees nothing in an image that is as smooth as these are; what is loud it knows."""

    def query(self, images: UInt8) -> Scores:
        scores = super().query(images)
        rough = np.abs(np.diff(images.astype(float), axis=2)).mean(axis=(1, 2, 3))
        scores.values[rough < SMOOTH] = 0
        return scores


SMOOTH = 60.0
"""Mean difference of neighbours, in grey levels, above that of the images and below that of loud signs over them."""


def dazzled(make_problem: Make) -> Problem:
    problem = make_problem(Dazzled(), label_map="linear")
    return replace(problem, start=Dazzled().query(problem.objective.images))


def test_signs_are_found_where_the_oracle_sees_nothing_in_the_image_as_it_is(make_problem: Make) -> None:
    found = fit(dazzled(make_problem), queries=1500)
    without = fit(dazzled(make_problem), queries=1500, signs=False)
    assert np.abs(found.theta).mean() > 16 / 255
    assert best(found) > best(without) + 0.2


@dataclass
class Woven(Dazzled):
    """Of what is loud, it sees only what repeats every four pixels."""

    def query(self, images: UInt8) -> Scores:
        scores = super().query(images)
        strange = np.abs(images[:, :, 4:].astype(float) - images[:, :, :-4]).mean(axis=(1, 2, 3))
        scores.values[strange > SMOOTH] = 0
        return scores


def test_signs_repeat_where_the_queries_are_few_for_so_large_a_prompt(make_problem: Make) -> None:
    problem = make_problem(Woven(), label_map="linear")
    problem = replace(problem, start=Woven().query(problem.objective.images))
    few, many = (fit(problem, queries=round(share * problem.objective.prompt.size)) for share in (2.4, 5.0))
    assert best(few) > few.history[0].accuracy.accuracy + 0.2
    top, bottom = np.split(np.sign(few.theta), 2)
    assert np.array_equal(top, bottom)
    top, bottom = np.split(np.sign(many.theta), 2)
    assert np.mean(top == bottom) < 0.7


def test_pairs_go_on_from_the_best_signs(make_problem: Make, tmp_path: Path) -> None:
    raced, _ = (
        fit(dazzled(make_problem), queries=queries, checkpoint=tmp_path / str(queries)) for queries in (1140, 3000)
    )
    moved = load_state(tmp_path / "3000")["estimator"]["theta"]
    assert (np.abs(moved - raced.theta) > 1 / 255).mean() > 0.5
    assert np.mean(np.sign(moved) == np.sign(raced.theta)) > 0.9


def test_where_the_image_is_best_as_it_is_it_stays(make_problem: Make) -> None:
    """A shrunk image shows this oracle nothing but its ground, and loud signs nothing but themselves."""

    class Rim(Linear):
        def query(self, images: UInt8) -> Scores:
            seen = images.copy()
            seen[:, 1:7, 1:7] = 128
            return super().query(seen)

    images, _ = images_of(np.random.default_rng(0), 60)
    problem = make_problem(Rim(), label_map="linear")
    found = fit(arranged(replace(problem, start=Rim().query(images))), queries=1500)
    assert found.prompt == problem.objective.prompt


@pytest.mark.parametrize("queries", [90, 1500])
@pytest.mark.parametrize("rare", [False, True])
def test_a_heat_leaves_no_class_out(
    make_problem: Make, monkeypatch: pytest.MonkeyPatch, *, rare: bool, queries: int
) -> None:
    """Neither where classes are more than a heat's images, nor the one image of a class; no map can do without."""
    monkeypatch.setattr("bbprompt.fit.runner.HEAT", 2)
    problem = problem_of(make_problem, Linear())
    found = fit(arranged(with_one_image_of_a_class(problem) if rare else problem), queries=queries)
    assert found.stopped == "done"
    assert found.queries > 60


def test_a_lead_of_less_than_a_standard_error_is_none() -> None:
    over = np.ones(100)
    noise = np.where(np.arange(100) % 2, 1.0, -1.0)
    assert lead(over - 0.5, over=over) == pytest.approx(0.5)
    assert lead(over, over=over) == 0
    assert lead(over - 0.09 - noise, over=over) == pytest.approx(-0.01)
    assert lead(over - 0.11 - noise, over=over) == pytest.approx(0.01)


def test_the_luckiest_of_openings_that_are_worth_nothing_is_not_taken(make_problem: Make) -> None:
    """An oracle that tosses coins, twelve openings: some are better in the sample, and seldom is one believed."""

    @dataclass
    class Coins(Linear):
        def query(self, images: UInt8) -> Scores:
            tossed = np.random.default_rng(zlib.crc32(images.tobytes())).normal(size=(len(images), 5))
            return Scores(tossed.astype(np.float32), Answer.LOGITS)

    taken = 0
    for seed in range(12):
        problem = make_problem(Coins(), label_map="linear")
        problem = replace(problem, start=Coins().query(problem.objective.images))
        plain, rng = beginning(problem), np.random.default_rng(seed)
        seen = problem.selection.look(plain.theta, plain.maps, step=0, queries=0, loss=None)
        field = openings(plain, None, signs=True, pairs=False, rng=rng)
        placed = race(
            plain, seen, problem.selection, field, fit_map=problem.fit_map, queries=1200, pairs=False, rng=rng
        )
        taken += placed.best is not plain
    assert taken <= 2


def test_finalists_are_scored_on_all_images_and_each_once(
    make_problem: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heat of 20 of 60 images; the map of what is kept is that of all of them, in their order."""
    monkeypatch.setattr("bbprompt.fit.runner.HEAT", 20)
    oracle = Centre()
    problem = arranged(problem_of(make_problem, oracle))
    plain, rng, oracle.asked = beginning(problem), np.random.default_rng(0), 0
    seen = problem.selection.look(plain.theta, plain.maps, step=0, queries=0, loss=None)
    field = openings(plain, problem.selection.arrange, signs=True, pairs=False, rng=rng)
    placed = race(
        replace(plain, asked=60),
        seen,
        problem.selection,
        field,
        fit_map=problem.fit_map,
        queries=700,
        pairs=False,
        rng=rng,
    )
    assert placed.asked == oracle.asked <= 700
    kept = placed.best.objective
    assert placed.best.theta is not plain.theta
    expected = oracle.query(kept.prompt.apply(kept.images, placed.best.theta))
    np.testing.assert_array_equal(placed.best.answers.values, expected.values)
    np.testing.assert_array_equal(placed.best.maps.targets, problem.objective.targets)


@pytest.mark.parametrize("stop_at", [150, 1400])
def test_a_killed_fit_goes_on_in_its_layout_to_the_same_bits(
    make_problem: Make, tmp_path: Path, stop_at: int
) -> None:
    def problem() -> Problem:
        return arranged(problem_of(make_problem, Centre()))

    whole = fit(problem(), queries=2500)
    with pytest.raises(Stopped):
        fit(problem(), queries=2500, checkpoint=tmp_path / "state", stop_at=stop_at)
    resumed = fit(problem(), queries=2500, checkpoint=tmp_path / "state")
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.prompt.template == whole.prompt.template
    assert (resumed.history, resumed.queries) == (whole.history, whole.queries)


def test_a_map_that_does_not_learn_is_the_same_after_a_kill(make_problem: Make, tmp_path: Path) -> None:
    """It was fitted to the answers under the signs that won, and not to those without a prompt."""

    def problem() -> Problem:
        made = make_problem(Dazzled(), label_map="frequency")
        return replace(made, start=Dazzled().query(made.objective.images))

    whole = fit(problem(), queries=2500)
    with pytest.raises(Stopped):
        fit(problem(), queries=2500, checkpoint=tmp_path / "state", stop_at=1700)
    resumed = fit(problem(), queries=2500, checkpoint=tmp_path / "state")
    assert np.abs(whole.theta).mean() > 16 / 255
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.history == whole.history


@dataclass
class Noting(Selection):
    """Remembers where it was asked to look."""

    def see(self, place: Place, *args: Any, **more: Any) -> Look:
        LOOKED.append(place.layout)
        return super().see(place, *args, **more)


LOOKED: list[Layout | None] = []


def test_a_place_among_the_finalists_is_kept_for_what_pairs_can_go_on_from(make_problem: Make) -> None:
    """Small images are best by far here, so that all signs come in behind them."""
    problem = arranged(problem_of(make_problem, Centre()))
    selection = Noting(**{part.name: getattr(problem.selection, part.name) for part in fields(Selection)})
    plain, rng = beginning(problem), np.random.default_rng(0)
    seen = selection.look(plain.theta, plain.maps, step=0, queries=0, loss=None)
    LOOKED.clear()
    field = openings(plain, selection.arrange, signs=True, pairs=True, rng=rng)
    race(plain, seen, selection, field, fit_map=problem.fit_map, queries=3000, pairs=True, rng=rng)
    assert len(LOOKED) == 3
    assert LOOKED.count(None) == 1
