"""What might take the pairs' place: each is an estimator like any other, and does what its file says."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from bbprompt.arrays import Float, UInt8
from bbprompt.estimators import AntitheticPairs, Estimator
from bbprompt.estimators.options import LEVEL
from bbprompt.labelmaps import cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.objective import Objective
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from bbprompt.testing import ESTIMATOR_CHECKS
from benchmarks.queries.levers import reused
from benchmarks.queries.levers.by_outputs import ByOutputs, telling
from benchmarks.queries.levers.checked import IMAGES, LONGEST, STRETCH, Checked
from benchmarks.queries.levers.coarse_to_fine import BLOCKS, CoarseToFine
from benchmarks.queries.levers.gaussian import Gaussian
from benchmarks.queries.levers.past_steps import PastSteps
from benchmarks.queries.levers.reused import SHRINKAGES, Reused, best_shrinkage

LEVERS: dict[str, Any] = {lever.__name__: lever for lever in (ByOutputs, Checked, Gaussian, PastSteps, Reused)}
"""``CoarseToFine`` wants theta of a square image, which the suite does not have."""
CHECKS = ("unbiased", "ask-is-idempotent", "refuses-wrong-losses", "survives-bad-losses", "resumes-exactly")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", LEVERS)
def test_is_an_estimator_like_any_other(name: str, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reused, "WINDOW", 40)
    ESTIMATOR_CHECKS[check](partial(LEVERS[name]))


def told_steps(search: Estimator, slope: Float, steps: int) -> None:
    """Tell ``search`` a plane's losses."""
    for _ in range(steps):
        search.tell(search.ask().thetas @ slope)


def test_reused_answers_find_a_planes_slope_once_there_are_as_many_as_numbers() -> None:
    rng = np.random.default_rng(0)
    slope = rng.normal(size=48)
    search = Reused(np.zeros(48), rng=rng, pairs=10)
    told_steps(search, slope, 10)
    before = search.theta.copy()
    told_steps(search, slope, 1)
    step = before - search.theta
    assert step @ slope / np.linalg.norm(step) / np.linalg.norm(slope) > 0.999


def test_noisy_slopes_are_shrunk_and_exact_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(200, 50))
    products, exact = signs @ signs.T / 50, signs @ rng.normal(size=50)
    assert best_shrinkage(products, exact) == SHRINKAGES[0]
    assert best_shrinkage(products, exact + 50 * rng.normal(size=200)) > 1


class Plane:
    """Log-odds that are linear in the pixels, one slope for all images."""

    spec = OracleSpec("plane", (4, 4), ("p", "q", "r"), Answer.LOGITS, max_batch=100)
    weights = np.random.default_rng(7).normal(size=(48, 3))

    def query(self, images: UInt8) -> Scores:
        return Scores((images.reshape(len(images), -1) / 255 @ self.weights).astype(np.float32), Answer.LOGITS)


def test_a_model_of_the_outputs_foretells_slopes_once_it_has_seen_some() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(60, 190, size=(30, 4, 4, 3), dtype=np.uint8)
    template = make_template("full-image", canvas=(4, 4), blend="add")
    prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
    targets = np.arange(30) % 3
    maps = cross_fit_label_map(
        "identity", Plane().query(images), targets, spec=Plane.spec, classes=Plane.spec.labels, rng=rng
    )
    search = ByOutputs(np.zeros(48), rng=rng, pairs=10, step_levels=1e-9, radius_levels=4.0)
    told = Objective(Plane(), prompt, images, targets, LOSSES["cross-entropy"])
    objective = telling(told, search)
    agreement = []
    for _ in range(60):
        candidates, rows = search.ask(), rng.integers(30, size=10).repeat(2)[:, None]
        losses = objective.losses(objective.query(candidates.thetas, rows), rows, maps)
        slopes = (losses[0::2] - losses[1::2]) / (2 * search.radius)
        agreement.append(float(np.corrcoef(slopes, search.foretold)[0, 1]) if search.foretold.any() else 0.0)
        search.tell(losses)
    assert agreement[0] == 0
    assert np.mean(agreement[-10:]) > 0.8


def test_coarse_probes_move_whole_blocks_and_later_ones_single_pixels() -> None:
    search = CoarseToFine(np.zeros(3 * 16 * 16), rng=np.random.default_rng(0), pairs=2)
    for steps, block in ((0, BLOCKS[0][1]), (BLOCKS[0][0], BLOCKS[1][1]), (BLOCKS[-1][0], 1)):
        search.steps, search.directions = steps, None
        probe = search.ask().thetas[0].reshape(16, 16, 3)
        corners = probe[::block, ::block]
        assert np.array_equal(probe, corners.repeat(block, axis=0).repeat(block, axis=1))
        finer = probe[:: 2 * block, :: 2 * block]
        assert not np.array_equal(probe, finer.repeat(2 * block, axis=0).repeat(2 * block, axis=1))


def test_steps_that_do_not_pay_are_taken_back_and_halved() -> None:
    search = Checked(np.zeros(12), rng=np.random.default_rng(0))
    told_steps(search, np.ones(12), STRETCH)
    assert search.theta.any()
    assert search.ask().thetas.shape == (2 * IMAGES, 12)
    search.tell(np.tile([1.0, 0.0], IMAGES))
    assert not search.theta.any()
    assert not search.best.any()
    assert search.length == 0.5


def test_steps_that_pay_are_kept_and_grow_no_further_than_the_most() -> None:
    search = Checked(np.zeros(12), rng=np.random.default_rng(0))
    told_steps(search, np.ones(12), 4 * (STRETCH + 1))
    assert search.best.sum() < -4 * STRETCH * LEVEL
    assert search.length == LONGEST


def test_a_rotated_slope_is_followed_along_past_steps() -> None:
    """Along a ravine, remembered paths are what makes steps long: without them, as many generations get less far."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(24, 24)))
    stretched = np.concatenate([[1.0], np.full(23, 30.0)])

    def loss(thetas: Float) -> Float:
        return np.asarray((((thetas - 1) @ basis * stretched) ** 2).sum(axis=1))

    def lowest(*, forget: bool) -> float:
        search = PastSteps(np.zeros(24), rng=np.random.default_rng(1))
        for _ in range(400):
            search.tell(loss(search.ask().thetas))
            if forget:
                search.memory[:] = 0
                search.generation = 0
        return float(loss(search.best[None])[0])

    assert lowest(forget=False) < lowest(forget=True) / 2


def test_gaussian_pairs_descend_a_plane_as_signs_do() -> None:
    slope = np.random.default_rng(0).normal(size=48)
    fallen = []
    for kind in (Gaussian, AntitheticPairs):
        search = kind(np.zeros(48), rng=np.random.default_rng(1))
        told_steps(search, slope, 50)
        fallen.append(float(search.best @ slope))
    assert fallen[0] == pytest.approx(fallen[1], rel=0.2)
