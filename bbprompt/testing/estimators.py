"""What every estimator must do, as checks that need nothing but the estimator."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import BbpromptError
from bbprompt.estimators.base import Candidates
from bbprompt.testing.searches import (
    SIZE,
    Factory,
    arrays_in,
    distance,
    equal,
    new,
    noisy_quadratic,
    quadratic,
    same,
    spend,
    steps,
    through_files,
    trajectory,
)


def check_estimator(factory: Factory) -> None:
    """Run every check of ``ESTIMATOR_CHECKS``.

    Raises:
        AssertionError: one line that says what was got and what was expected.
    """
    for check in ESTIMATOR_CHECKS.values():
        check(factory)


def check_candidates(factory: Factory) -> None:
    """Candidates are finite float64 (m, d); groups are int64 (m,), numbered from 0 without a gap."""
    estimator = new(factory)
    images = estimator.images_per_candidate
    assert isinstance(images, int), f"images_per_candidate is {images!r}, expected an int"
    assert images >= 1, f"images_per_candidate is {images}, expected at least 1"
    for candidates in steps(estimator, quadratic, 3):
        thetas, groups = candidates.thetas, candidates.groups
        assert thetas.dtype == np.float64, f"thetas are {thetas.dtype}, expected float64"
        assert thetas.ndim == 2, f"thetas have shape {thetas.shape}, expected (m, d)"
        assert thetas.shape[1] == SIZE, f"thetas have {thetas.shape[1]} columns for theta of size {SIZE}"
        assert np.isfinite(thetas).all(), "thetas are not finite"
        assert groups.dtype == np.int64, f"groups are {groups.dtype}, expected int64"
        assert groups.shape == (len(thetas),), f"groups have shape {groups.shape} for {len(thetas)} candidates"
        numbers = np.unique(groups)
        assert np.array_equal(numbers, np.arange(len(numbers))), f"groups {numbers} are not numbered 0, 1, 2, ..."


def check_start(factory: Factory) -> None:
    """Before anything is told, ``best`` is the start, and the caller's array is neither kept nor changed."""
    start = np.linspace(-0.1, 0.1, SIZE)
    given = start.copy()
    estimator = factory(given, rng=np.random.default_rng(0))
    estimator.ask()
    assert np.array_equal(given, start), "the estimator changed the array that it was given to start from"
    given[:] = 7.0
    assert np.array_equal(estimator.best, start), "best before the first tell is not the start"


def check_ask_is_idempotent(factory: Factory) -> None:
    """Asking again before ``tell`` gives the same candidates and moves nothing."""
    once, thrice = new(factory), new(factory)
    for step in range(4):
        first, again, third = thrice.ask(), thrice.ask(), thrice.ask()
        assert same(first, again), f"step {step}: asking again gave other candidates"
        assert same(first, third), f"step {step}: asking a third time gave other candidates"
        assert same(first, once.ask()), f"step {step}: asking more often changed the candidates that follow"
        for estimator in (once, thrice):
            estimator.tell(quadratic(first))


def check_gives_copies(factory: Factory) -> None:
    """Writing into what ``ask``, ``best`` and ``state_dict`` returned changes nothing inside."""
    expected = trajectory(factory)
    estimator, found = new(factory), []
    for _ in range(4):
        losses = quadratic(estimator.ask())
        given = estimator.ask()
        found.append(given.thetas.copy())
        for array in (given.thetas, estimator.best, *arrays_in(estimator.state_dict())):
            array.fill(1)
        estimator.tell(losses)
        losses.fill(np.nan)
    assert equal(found, expected[:4]), "writing into a returned array changed the candidates that follow"


def check_refuses_wrong_losses(factory: Factory) -> None:
    """Losses that were not asked for, or too few, raise a BbpromptError, and nothing is lost by it."""
    estimator = new(factory)
    _expect_refusal(lambda: estimator.tell(np.zeros(2)), "tell before ask")
    candidates = estimator.ask()
    _expect_refusal(lambda: estimator.tell(np.zeros(len(candidates.thetas) + 1)), "one loss too many")
    _expect_refusal(lambda: estimator.tell(np.zeros((len(candidates.thetas), 1))), "losses of shape (m, 1)")
    assert same(candidates, estimator.ask()), "after a refused tell, ask gave other candidates"


def check_unbiased(factory: Factory) -> None:
    """On the linear loss g . theta with |g_i| = 1, the mean move points along -g, equally in every coordinate.

    Over 300 seeds; each of the 20 coordinates and their mean are held to 5 standard errors, so that an unbiased
    method fails once in about 10^5 times, were the seeds not fixed.
    """
    signs = np.where(np.arange(SIZE) % 3 == 0, 1.0, -1.0)
    moves = np.stack([_move(factory, signs, seed) for seed in range(300)]) * -signs
    error = moves.std(axis=0, ddof=1) / np.sqrt(len(moves))
    overall, spread = moves.mean(), float(np.sqrt(np.mean(error**2) / SIZE))
    assert overall > 5 * spread, f"the mean move downhill is {overall:.3g} +- {spread:.2g}, expected more than 0"
    away = np.abs(moves.mean(axis=0) - overall) / np.maximum(error, 1e-12)
    assert away.max() < 5, f"coordinate {away.argmax()} moves {away.max():.1f} standard errors unlike the others"


def check_converges(factory: Factory) -> None:
    """On a noisy quadratic, 4,000 candidates bring the loss below a tenth of the start's."""
    _assert_converges(factory, bad=0.0)


def check_survives_bad_losses(factory: Factory) -> None:
    """The same where one loss in ten is NaN, inf or -inf; and nothing moves to infinity where all are."""
    _assert_converges(factory, bad=0.1)
    estimator = new(factory)
    for value in (np.nan, np.inf, -np.inf):
        for candidates in steps(estimator, _constant(value), 3):
            assert np.isfinite(candidates.thetas).all(), f"losses of {value} reached the candidates"
        assert np.isfinite(estimator.best).all(), f"losses of {value} reached best"


def check_reproducible(factory: Factory) -> None:
    """Same seed: same candidates, bit for bit. Another seed: others. numpy's global generator is not used."""
    before = str(np.random.get_state(legacy=False))  # noqa: NPY002
    first, second = trajectory(factory), trajectory(factory)
    after = str(np.random.get_state(legacy=False))  # noqa: NPY002
    assert equal(first, second), "the same seed gave other candidates"
    assert not equal(first, trajectory(factory, seed=1)), "another seed gave the same candidates"
    assert before == after, "numpy's global generator was used"


def check_reproducible_in_another_process(factory: Factory) -> None:
    """A fresh interpreter gives the same candidates, bit for bit. The factory must be importable there."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(trajectory, factory).result()
    assert equal(trajectory(factory), there), "another process gave other candidates from the same seed"


def check_resumes_exactly(factory: Factory) -> None:
    """A new estimator that loads the state goes on bit for bit: between steps, and between ask and tell.

    The state goes through JSON and npz on the way, and the estimator that loads it had another start and seed.
    """
    expected = trajectory(factory, count=8)
    for told in range(5):
        for asked in (False, True):
            first = new(factory)
            for _ in steps(first, quadratic, told):
                pass
            if asked:
                first.ask()
            state = first.state_dict()
            for _ in steps(first, quadratic, 2):
                pass
            resumed = factory(np.full(SIZE, 0.25), rng=np.random.default_rng(99))
            resumed.load_state_dict(through_files(state))
            rest = [c.thetas for c in steps(resumed, quadratic, 8 - told)]
            where = f"after {told} steps" + (" and an ask" if asked else "")
            assert equal(rest, expected[told:8]), f"resumed {where}, the candidates differ"


def _expect_refusal(call: Callable[[], None], what: str) -> None:
    try:
        call()
    except BbpromptError:
        return
    raise AssertionError(f"{what} was taken, expected a BbpromptError")


def _assert_converges(factory: Factory, *, bad: float) -> None:
    at_start = distance(np.zeros(SIZE))
    best = spend(new(factory), noisy_quadratic(bad=bad), 4000)
    assert np.isfinite(best).all(), "best is not finite"
    at_best = distance(best)
    assert at_best < 0.1 * at_start, (
        f"with {bad:.0%} bad losses, 4,000 candidates took the quadratic from {at_start:.3g} to {at_best:.3g}, "
        f"expected less than {0.1 * at_start:.3g}"
    )


def _move(factory: Factory, gradient: Float, seed: int) -> Float:
    return spend(new(factory, seed=seed), lambda candidates: candidates.thetas @ gradient, 64)


def _constant(value: float) -> Callable[[Candidates], Float]:
    return lambda candidates: np.full(len(candidates.thetas), value)


ESTIMATOR_CHECKS: dict[str, Callable[[Factory], None]] = {
    "candidates": check_candidates,
    "start": check_start,
    "ask-is-idempotent": check_ask_is_idempotent,
    "gives-copies": check_gives_copies,
    "refuses-wrong-losses": check_refuses_wrong_losses,
    "unbiased": check_unbiased,
    "converges": check_converges,
    "survives-bad-losses": check_survives_bad_losses,
    "reproducible": check_reproducible,
    "reproducible-in-another-process": check_reproducible_in_another_process,
    "resumes-exactly": check_resumes_exactly,
}
"""Every check, by name: a test may be parametrised over them."""
