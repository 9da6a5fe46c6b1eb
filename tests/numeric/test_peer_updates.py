"""The peers' steps and constants, against their papers."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

from bbprompt.arrays import Float
from bbprompt.estimators import PRGF, CMASubspace, GuidedES, RandomSearch, SciPy, SepCMA, VkDCMA
from bbprompt.estimators.base import Estimator
from bbprompt.estimators.prgf import optimal_mix
from bbprompt.estimators.random_search import covered_pixels, geometry, square_side

SIZE = 40
TARGET = np.random.default_rng(4).uniform(-30, 30, SIZE) / 255


def quadratic(thetas: Float) -> Float:
    return np.asarray(((thetas - TARGET) ** 2).sum(axis=-1) / 2)


def step(estimator: Estimator) -> Float:
    thetas = estimator.ask().thetas
    estimator.tell(quadratic(thetas))
    return thetas


def test_the_first_generation_has_the_standard_deviation_that_was_asked_for() -> None:
    """In grey levels, per element: over a generation, and over draws of A in the subspace."""
    for kind in (SepCMA, VkDCMA):
        search = kind(np.zeros(400), rng=np.random.default_rng(0), sigma_levels=6.0, population=100)
        assert np.std(search.ask().thetas) * 255 == pytest.approx(6.0, rel=0.02)
    spread = [
        np.std(
            CMASubspace(np.zeros(900), rng=np.random.default_rng(seed), dimensions=30, sigma_levels=6.0)
            .ask()
            .thetas
        )
        for seed in range(30)
    ]
    assert np.mean(spread) * 255 == pytest.approx(6.0, rel=0.02)


@pytest.mark.parametrize("size", [20, 400])
@pytest.mark.parametrize("kind", [SepCMA, VkDCMA])
def test_the_population_is_the_papers(kind: type[SepCMA | VkDCMA], size: int) -> None:
    assert len(kind(np.zeros(size), rng=np.random.default_rng(0)).ask().thetas) == 4 + int(3 * np.log(size))


@pytest.mark.parametrize("kind", [SepCMA, VkDCMA])
def test_an_ill_scaled_quadratic_needs_the_covariance(kind: type[SepCMA | VkDCMA]) -> None:
    """Curvatures from 1 to 10^4 along the axes: a fixed isotropic Gaussian would still be far off the flat ones."""
    curvature = np.logspace(0, 4, SIZE)
    estimator = kind(np.zeros(SIZE), rng=np.random.default_rng(0))
    for _ in range(600):
        estimator.tell((curvature * (estimator.ask().thetas - TARGET) ** 2).sum(axis=1))
    np.testing.assert_allclose(estimator.best, TARGET, atol=0.5 / 255)


def test_the_subspace_never_leaves_its_basis() -> None:
    start = np.linspace(-0.2, 0.2, SIZE)
    estimator = CMASubspace(start, rng=np.random.default_rng(0), dimensions=5)
    moves = np.vstack([step(estimator) for _ in range(10)]) - start
    assert np.linalg.matrix_rank(moves, tol=1e-5) == 5
    assert quadratic(estimator.best) < quadratic(start)


def test_the_subspaces_state_holds_no_basis() -> None:
    estimator = CMASubspace(np.zeros(5000), rng=np.random.default_rng(0), dimensions=3)
    estimator.tell(np.arange(len(estimator.ask().thetas), dtype=float))
    assert sum(np.size(value) for name, value in estimator.state_dict().items() if name != "theta") < 50


@pytest.mark.parametrize(("cosine", "q"), [(0.15, 10), (0.3, 10), (0.5, 20), (0.2, 5)])
def test_the_mix_is_the_one_that_comes_closest_to_the_gradient(cosine: float, q: int) -> None:
    """lambda* maximises (grad f . E[g])^2 / E|g|^2, where u has covariance C and E[g] = C grad f, |grad f| = 1."""
    mix = np.linspace(0, 1, 2001)
    along, across = cosine**2, 1 - cosine**2
    agreement = mix * along + (1 - mix) / (SIZE - 1) * across
    length = mix**2 * along + ((1 - mix) / (SIZE - 1)) ** 2 * across
    similarity = agreement**2 / (agreement / q + (1 - 1 / q) * length)
    assert optimal_mix(cosine, size=SIZE, directions=q) == pytest.approx(mix[similarity.argmax()], abs=2e-3)


def test_the_mix_at_its_ends() -> None:
    assert optimal_mix(0.0, size=100, directions=10) == 0
    assert optimal_mix(1.0, size=100, directions=10) == 1
    assert optimal_mix(-2.0, size=100, directions=10) == 1
    edge = np.sqrt(1 / (100 + 20 - 2))
    assert optimal_mix(edge * 1.001, size=100, directions=10) == pytest.approx(0, abs=1e-3)
    edge = np.sqrt(19 / (100 + 20 - 2))
    assert optimal_mix(edge * (1 - 1e-6), size=100, directions=10) == pytest.approx(1, abs=1e-3)


def test_prgf_follows_a_perfect_surrogate_for_two_queries_a_step() -> None:
    """And a hundred more in every tenth, which keep the gradient's norm within 7 %."""
    estimator = PRGF(
        np.zeros(SIZE),
        rng=np.random.default_rng(0),
        prior=lambda _: -3 * TARGET,
        norm_directions=100,
        step_levels=2.0,
    )
    queries = []
    for _ in range(12):
        thetas = estimator.ask().thetas
        estimator.tell(thetas @ TARGET)
        queries.append(len(thetas))
    assert queries == [102, *[2] * 9, 102, 2]
    np.testing.assert_allclose(estimator.best, -12 * 2 / 255 * np.sqrt(SIZE) * TARGET / np.linalg.norm(TARGET))


def test_prgf_ignores_a_surrogate_that_points_across() -> None:
    across = np.zeros(SIZE)
    across[:2] = TARGET[1], -TARGET[0]
    estimator = PRGF(np.zeros(SIZE), rng=np.random.default_rng(0), prior=lambda _: across, radius_levels=0.1)
    step(estimator)
    assert estimator.mix == 0


def test_guided_es_draws_from_the_papers_covariance() -> None:
    """eps has covariance sigma^2 (alpha / d I + (1 - alpha) / k U U^T), whose trace is sigma^2."""
    guide = np.random.default_rng(1).normal(size=SIZE)
    estimator = GuidedES(
        np.zeros(SIZE),
        rng=np.random.default_rng(0),
        prior=lambda _: guide,
        pairs=20_000,
        isotropic=0.3,
        radius_levels=2.0,
    )
    draws = estimator.ask().thetas[0::2]
    sigma2 = (2 / 255) ** 2 * SIZE
    unit = guide / np.linalg.norm(guide)
    assert np.mean((draws**2).sum(axis=1)) == pytest.approx(sigma2, rel=0.03)
    assert np.mean((draws @ unit) ** 2) == pytest.approx(sigma2 * (0.3 / SIZE + 0.7), rel=0.03)


def test_guided_es_spans_the_last_k_surrogate_gradients() -> None:
    guides = iter(np.random.default_rng(1).normal(size=(6, SIZE)))
    estimator = GuidedES(
        np.zeros(SIZE), rng=np.random.default_rng(0), prior=lambda _: next(guides), span=3, isotropic=1e-12
    )
    ranks = [
        np.linalg.matrix_rank(thetas[0::2] - thetas[1::2], tol=1e-3)
        for thetas in (step(estimator) for _ in range(5))
    ]
    assert ranks == [1, 2, 3, 3, 3]


def test_a_good_surrogate_saves_queries() -> None:
    noise = np.random.default_rng(2)

    def rough(theta: Float) -> Float:
        true = theta - TARGET
        return np.asarray(true / np.linalg.norm(true) + noise.normal(size=SIZE) / np.sqrt(SIZE))

    losses = {}
    for isotropic in (0.5, 1.0):
        estimator = GuidedES(
            np.zeros(SIZE), rng=np.random.default_rng(0), prior=rough, pairs=2, isotropic=isotropic
        )
        for _ in range(30):
            step(estimator)
        losses[isotropic] = quadratic(estimator.best)
    assert losses[0.5] < 0.5 * losses[1.0]


def test_the_squares_shrink_as_the_authors_code_does() -> None:
    sides = {
        it: square_side(covered_pixels(it, share=0.8, steps=10_000, pixels=32 * 32))
        for it in (0, 10, 11, 51, 501, 8001, 50_000)
    }
    assert sides == {0: 29, 10: 29, 11: 20, 51: 14, 501: 7, 8001: 1, 50_000: 1}
    assert square_side(covered_pixels(6, share=0.8, steps=5_000, pixels=32 * 32)) == 20


def test_in_a_frame_a_square_is_a_run_of_as_many_elements() -> None:
    search = RandomSearch(np.zeros(2_000), rng=np.random.default_rng(0), share=0.05)
    changed = np.flatnonzero(search.ask().thetas[1])
    assert len(changed) == 100
    assert np.ptp(changed) == 99


def test_a_proposal_is_one_square_of_one_colour_at_the_bound() -> None:
    estimator = RandomSearch(
        np.zeros(8 * 6 * 3), rng=np.random.default_rng(0), height=8, width=6, bound_levels=10.0, share=0.2
    )
    for _ in range(20):
        incumbent, proposal = step_of_144(estimator)
        changed = (incumbent != proposal).any(axis=2)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        box = proposal[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.testing.assert_allclose(np.abs(box) * 255, 10.0)


def step_of_144(estimator: Estimator) -> tuple[Float, Float]:
    incumbent, proposal = estimator.ask().thetas.reshape(2, 8, 6, 3)
    estimator.tell(np.array([1.0, 1.0]))
    return incumbent, proposal


@pytest.mark.parametrize(
    ("losses", "taken"), [([1, 0.5], True), ([1, 1], False), ([np.nan, 0], False), ([1, -np.inf], False)]
)
def test_a_proposal_is_taken_only_if_it_is_better_on_the_same_images(losses: list[float], taken: bool) -> None:
    estimator = RandomSearch(np.zeros(12), rng=np.random.default_rng(0))
    candidates = estimator.ask()
    np.testing.assert_array_equal(candidates.groups, [0, 0])
    estimator.tell(np.array(losses))
    np.testing.assert_array_equal(estimator.best, candidates.thetas[int(taken)])


def test_geometry_is_a_square_image_where_it_can_be() -> None:
    assert geometry(32 * 32 * 3, None, None) == (32, 32, 3)
    assert geometry(69_840, None, None) == (1, 69_840, 1)
    assert geometry(24, 4, 2) == (4, 2, 3)


def test_a_minimiser_that_nobody_holds_ends_its_thread() -> None:
    before = threading.active_count()
    estimator: Estimator | None = SciPy(np.zeros(4), rng=np.random.default_rng(0), name="cobyla")
    assert estimator is not None
    estimator.ask()
    assert threading.active_count() == before + 1
    estimator = None
    gc.collect()
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join(timeout=5)
    assert threading.active_count() == before
