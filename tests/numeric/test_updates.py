"""Each method's step, against its equations written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from bbprompt.arrays import Float
from bbprompt.estimators import NES, RGF, SPSA, SPSAGC, AntitheticPairs, make_estimator
from bbprompt.estimators.adam import Adam
from bbprompt.estimators.antithetic import LARGEST_RADIUS
from bbprompt.estimators.base import Estimator
from bbprompt.estimators.gains import Gains
from bbprompt.estimators.nes import centred_ranks

SIZE = 50
TARGET = np.random.default_rng(4).uniform(-30, 30, SIZE) / 255


def quadratic(thetas: Float) -> Float:
    return np.asarray(((thetas - TARGET) ** 2).sum(axis=-1) / 2)


def scaled(scale: float, thetas: Float) -> Float:
    return scale * quadratic(thetas)


def step(estimator: Estimator, loss: Callable[[Float], Float] = quadratic) -> tuple[Float, Float]:
    thetas = estimator.ask().thetas
    losses = loss(thetas)
    estimator.tell(losses)
    return thetas, losses


def test_gains_are_spalls() -> None:
    gains = Gains(a=0.16, c=0.1, A=100, alpha=0.602, gamma=0.101)
    for k in (0, 1, 2, 10, 999):
        assert gains.step_size(k) == pytest.approx(0.16 / (k + 1 + 100) ** 0.602)
        assert gains.radius(k) == pytest.approx(0.1 / (k + 1) ** 0.101)


def test_spsa_steps_as_spall_writes() -> None:
    spsa = SPSA(np.zeros(SIZE), rng=np.random.default_rng(0), pairs=1, a=0.1, c_levels=2.0, stability=5.0)
    theta = np.zeros(SIZE)
    for k in range(10):
        (plus, minus), (y_plus, y_minus) = step(spsa)
        a_k, c_k = 0.1 / (k + 1 + 5) ** 0.602, 2 / 255 / (k + 1) ** 0.101
        delta = (plus - minus) / (2 * c_k)
        np.testing.assert_allclose(np.abs(delta), 1.0)
        theta = theta - a_k * (y_plus - y_minus) / (2 * c_k) / delta
        np.testing.assert_allclose(spsa.best, theta, rtol=1e-9, atol=1e-15)


def test_spsa_chooses_its_first_step_in_grey_levels() -> None:
    for scale in (1e-6, 1.0, 1e6):
        spsa = SPSA(np.zeros(SIZE), rng=np.random.default_rng(0), pairs=1, first_step_levels=3.0)
        step(spsa, partial(scaled, scale))
        np.testing.assert_allclose(np.abs(spsa.best) * 255, 3.0)


def test_spsa_gc_steps_as_blackvip_writes() -> None:
    estimator = SPSAGC(np.zeros(SIZE), rng=np.random.default_rng(0), beta=0.9)
    w, m = np.zeros(SIZE), np.zeros(SIZE)
    for k in range(1, 11):
        thetas, losses = step(estimator)
        pairs = zip(thetas[0::2], thetas[1::2], losses[0::2], losses[1::2], strict=True)
        g = np.mean([(up - down) / (plus - minus) for plus, minus, up, down in pairs], axis=0)
        m = 0.9 * m + g
        w = w - 0.01 / (k + 1) ** 0.4 * (g + 0.9 * m)
        np.testing.assert_allclose(estimator.best, w, rtol=1e-9, atol=1e-15)


def test_adam_steps_as_its_algorithm_1_writes() -> None:
    rng = np.random.default_rng(0)
    adam, theta, expected = Adam(3, step_size=0.01, beta1=0.8, beta2=0.95), np.zeros(3), np.zeros(3)
    m, v = np.zeros(3), np.zeros(3)
    for t in range(1, 20):
        g = rng.normal(size=3)
        theta = theta + adam.step(g)
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        expected = expected - 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-8)
        np.testing.assert_allclose(theta, expected, rtol=1e-12)


def test_adams_first_step_is_the_step_size_in_grey_levels() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0), pairs=1, step_levels=1.5)
    step(estimator)
    np.testing.assert_allclose(np.abs(estimator.best) * 255, 1.5, rtol=1e-6)


def test_best_is_the_unbiased_exponential_average_of_the_iterates() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0), average=0.7)
    iterates = []
    for _ in range(12):
        step(estimator)
        iterates.append(estimator.theta.copy())
        weights = 0.7 ** np.arange(len(iterates))[::-1]
        np.testing.assert_allclose(estimator.best, np.average(iterates, axis=0, weights=weights), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("spsa", {}),
        ("spsa-gc", {}),
        ("rgf", {"radius_levels": 1.0}),
        ("nes", {}),
        ("antithetic", {}),
        ("antithetic", {"shaping": "none"}),
        ("antithetic", {"shaping": "rank"}),
    ],
)
def test_a_quadratic_of_50_elements_converges(name: str, options: dict[str, object]) -> None:
    estimator = make_estimator(name, np.zeros(SIZE), rng=np.random.default_rng(1), options=options)
    spent = 0
    while spent < 8000:
        spent += len(step(estimator)[0])
    assert quadratic(estimator.best) < 0.05 * quadratic(np.zeros(SIZE))


def radius_levels(estimator: AntitheticPairs) -> float:
    plus, minus = estimator.ask().thetas[:2]
    return float(np.abs(plus - minus).max() / 2 * 255)


def eight_bit(thetas: Float) -> Float:
    """What an 8-bit oracle sees: whole grey levels, from 0.1 of one off the start."""
    return quadratic(np.round(255 * thetas + 0.1) / 255)


def test_the_radius_doubles_while_an_8_bit_oracle_sees_nothing_and_theta_waits() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0), radius_levels=0.1)
    for expected in (0.1, 0.2):
        assert radius_levels(estimator) == pytest.approx(expected)
        step(estimator, eight_bit)
        np.testing.assert_array_equal(estimator.best, 0)
    assert radius_levels(estimator) == pytest.approx(0.4)
    step(estimator, lambda thetas: eight_bit(thetas * 2))
    assert np.abs(estimator.best).min() > 0


def test_the_radius_shrinks_back_to_what_was_asked_and_no_further() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0), radius_levels=2.0)
    step(estimator, lambda thetas: np.zeros(len(thetas)))
    assert radius_levels(estimator) == pytest.approx(4.0)
    for _ in range(16):
        step(estimator)
    assert radius_levels(estimator) == pytest.approx(2.0)
    step(estimator)
    assert radius_levels(estimator) == pytest.approx(2.0)


def test_the_radius_has_an_end_and_bad_losses_do_not_move_it() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0))
    step(estimator, lambda thetas: np.full(len(thetas), np.nan))
    assert radius_levels(estimator) == pytest.approx(4.0)
    for _ in range(20):
        step(estimator, lambda thetas: np.ones(len(thetas)))
    assert radius_levels(estimator) == pytest.approx(LARGEST_RADIUS * 255)


def test_an_8_bit_oracle_is_descended_from_a_radius_it_cannot_see() -> None:
    estimator = AntitheticPairs(np.zeros(SIZE), rng=np.random.default_rng(0), radius_levels=0.05)
    for _ in range(500):
        step(estimator, eight_bit)
    assert quadratic(estimator.best) < 0.1 * quadratic(np.zeros(SIZE))


def test_rgf_steps_as_bar_writes() -> None:
    rgf = RGF(np.zeros(SIZE), rng=np.random.default_rng(0), directions=4, radius_levels=2.0, step_size=0.01)
    w = np.zeros(SIZE)
    for _ in range(5):
        thetas, losses = step(rgf)
        u = (thetas[1:] - thetas[0]) / (2 / 255 * np.sqrt(SIZE))
        np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1.0)
        g = SIZE / 4 * sum((losses[j + 1] - losses[0]) / (2 / 255 * np.sqrt(SIZE)) * u[j] for j in range(4))
        w = w - 0.01 * g
        np.testing.assert_allclose(rgf.best, w, rtol=1e-9, atol=1e-15)


def test_rgf_is_unbiased_on_a_linear_loss() -> None:
    rng = np.random.default_rng(0)
    moves = []
    for _ in range(2000):
        rgf = RGF(np.zeros(SIZE), rng=rng, step_size=1.0)
        step(rgf, lambda thetas: thetas @ TARGET)
        moves.append(-rgf.best)
    error = np.std(moves, axis=0, ddof=1) / np.sqrt(len(moves))
    # 50 coordinates: |z| > 4.6 in any has probability 2e-4.
    assert np.abs((np.mean(moves, axis=0) - TARGET) / error).max() < 4.6


def test_nes_ranks_all_losses_and_bad_ones_worst() -> None:
    ranks = centred_ranks(np.array([3.0, 1.0, np.nan, 2.0, -np.inf]))
    np.testing.assert_allclose(ranks, [0.0, -0.5, 0.375, -0.25, 0.375])


def test_nes_does_not_mind_a_monotone_change_of_the_loss() -> None:
    plain, changed = (NES(np.zeros(SIZE), rng=np.random.default_rng(0)) for _ in range(2))
    for _ in range(5):
        step(plain)
        step(changed, lambda thetas: np.exp(3 * quadratic(thetas)))
    np.testing.assert_array_equal(plain.best, changed.best)
