"""What the benchmark of slopes says of pairs is what pairs do, and its slopes are those of the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.queries.methods import GRADIENT, METHODS
from benchmarks.queries.records import Cell
from benchmarks.queries.setup import open_cell
from benchmarks.queries.slopes import COSINE, GROUNDS, Slopes, cosine_with_all
from benchmarks.queries.surface import Surface


def test_a_direction_costs_what_it_says() -> None:
    rng = np.random.default_rng(0)
    single = 0.3 + rng.normal(size=(200, 50))
    g = single.mean(axis=0)
    found = Slopes(
        task="", ground="", seed=0, size=50,
        mean=float(np.linalg.norm(g)), single=float(np.sqrt((single**2).sum(axis=1).mean())),
        low=0, correlations=(), students={},
    )  # fmt: skip
    pairs, trials = round(found.price / 2), 4000
    signs = rng.choice((-1.0, 1.0), size=(trials, pairs, 50))
    told = np.einsum("tpd,tpd->tp", signs, single[rng.integers(200, size=(trials, pairs))])
    estimates = np.einsum("tp,tpd->td", told, signs)
    along, length = (estimates @ g / np.linalg.norm(g)).mean(), np.sqrt((estimates**2).sum(axis=1).mean())
    assert along / length == pytest.approx(COSINE, rel=0.1)


def test_the_cosine_with_the_mean_of_all_images_is_told_by_these_alone() -> None:
    rng = np.random.default_rng(0)
    mean, images, trials = 0.1 * rng.normal(size=300), 40, 200
    single = mean + rng.normal(size=(trials, images, 300))
    g = single.mean(axis=1)
    ratio = (single**2).sum(axis=2).mean() / (g**2).sum(axis=1).mean()
    cosines = g @ mean / np.linalg.norm(g, axis=1) / np.linalg.norm(mean)
    assert cosine_with_all(float(ratio), images) == pytest.approx(cosines.mean(), rel=0.02)
    assert cosine_with_all(images + 1.0, images) == 0.0


@pytest.mark.parametrize("level", GROUNDS.values())
def test_slopes_are_those_of_the_loss(level: int) -> None:
    cell = Cell(task="quick", answers="full", shots="16", method=GRADIENT, seed=0)
    task = open_cell(cell, Path(), METHODS[GRADIENT])
    signs = np.random.default_rng(1).choice((-1.0, 1.0), size=task.theta.shape)
    surface = Surface.at(task, level / 255 * signs)
    slopes = surface.slopes()
    few = np.random.default_rng(0).random(slopes.shape[1]) < 0.01  # so that the loss is nearly a plane
    direction = (np.sign(slopes.mean(axis=0)) * few).reshape(surface.images.shape[1:])
    told, expected = surface.differences(direction), slopes @ direction.ravel()
    assert np.corrcoef(told, expected)[0, 1] > 0.9
    # Half of a difference is lost where black cannot get blacker.
    assert 0.5 < told.mean() / expected.mean() < 1.1
