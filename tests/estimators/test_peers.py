"""The peers that the table cannot hold, because they need a name or a surrogate, through the same suite."""

from __future__ import annotations

import zlib
from functools import partial

import numpy as np
import pytest

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError, UsageError
from bbprompt.estimators import (
    GUIDED,
    CMASubspace,
    GuidedES,
    Nevergrad,
    RandomSearch,
    SciPy,
    SepCMA,
    make_estimator,
    peers,
)
from bbprompt.estimators.base import Estimator
from bbprompt.estimators.nevergrad_ import TRIED
from bbprompt.estimators.scipy_ import MINIMISERS
from bbprompt.testing import ESTIMATOR_CHECKS
from bbprompt.testing.searches import (
    SIZE,
    Factory,
    distance,
    new,
    noisy_quadratic,
    optimum,
    quadratic,
    spend,
    steps,
)

MANY_RUNS = "unbiased"
"""Runs an optimiser 300 times: only where it is quick to build."""

CONVERGENCE = ("converges", "survives-bad-losses")


def checks(*excluded: str) -> list[str]:
    return [name for name in ESTIMATOR_CHECKS if name not in excluded]


def perfect(theta: Float) -> Float:
    return theta - optimum()


def useless(theta: Float) -> Float:
    return np.random.default_rng(zlib.crc32(theta.tobytes())).normal(size=theta.size)


def silent(theta: Float) -> Float:
    return np.zeros_like(theta)


@pytest.mark.parametrize("check", ESTIMATOR_CHECKS)
@pytest.mark.parametrize("prior", [perfect, useless, silent])
@pytest.mark.parametrize("name", GUIDED)
def test_guided_methods_conform_whatever_the_surrogate_is_worth(name: str, prior: object, check: str) -> None:
    ESTIMATOR_CHECKS[check](partial(GUIDED[name], prior=prior))


@pytest.mark.parametrize("check", checks(MANY_RUNS))
@pytest.mark.parametrize("name", TRIED)
def test_nevergrads_optimisers_conform(name: str, check: str) -> None:
    ESTIMATOR_CHECKS[check](partial(Nevergrad, name=name))


@pytest.mark.parametrize("check", checks(MANY_RUNS, *CONVERGENCE))
@pytest.mark.parametrize("name", MINIMISERS)
def test_scipys_minimisers_conform(name: str, check: str) -> None:
    ESTIMATOR_CHECKS[check](partial(SciPy, name=name))


@pytest.mark.parametrize("bad", [0.0, 0.1])
@pytest.mark.parametrize("name", MINIMISERS)
def test_scipys_minimisers_converge_from_most_axes(name: str, bad: float) -> None:
    """The suite's quadratic in the median of five sets of axes: a simplex may be slow in an unlucky one."""
    losses = [
        distance(spend(new(partial(SciPy, name=name), seed=seed), noisy_quadratic(bad=bad), 4000))
        for seed in range(5)
    ]
    assert np.median(losses) < 0.1 * distance(np.zeros(SIZE))


@pytest.mark.parametrize("factory", [partial(Nevergrad, name="TBPSA"), partial(SciPy, name="nelder-mead")])
def test_one_of_each_family_is_fair_to_every_coordinate(factory: Factory) -> None:
    ESTIMATOR_CHECKS[MANY_RUNS](factory)


@pytest.mark.parametrize("check", checks(*CONVERGENCE))
def test_a_subspace_smaller_than_theta_conforms_but_cannot_reach_everything(check: str) -> None:
    ESTIMATOR_CHECKS[check](partial(CMASubspace, dimensions=6))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nevergard:CMA", {}, "unknown family of estimators 'nevergard'; did you mean 'nevergrad'"),
        ("nevergrad:DiagonalCAM", {}, "unknown nevergrad optimiser 'DiagonalCAM'; did you mean 'DiagonalCMA'"),
        ("nevergrad:NGOpt39", {}, "'NGOpt39' is refused: its kind crashes with numpy 2.4"),
        ("nevergrad:MetaModel", {}, "use one of: CMA, DiagonalCMA"),
        ("nevergrad:Shiwa", {}, "'Shiwa' is refused: its kind crashes with numpy 2.4"),
        ("nevergrad:SPSA", {}, "'SPSA' is refused: its steps vanish before it has moved; bbprompt's own"),
        ("nevergrad:Powell", {}, "'Powell' is refused: it is sampled beforehand, or another package's"),
        ("nevergrad:CMA", {"name": "DE"}, "unknown option of nevergrad:CMA 'name'"),
        ("nevergrad", {}, "write 'nevergrad:NAME'"),
        ("scipy:nelder-maed", {}, "unknown scipy minimiser 'nelder-maed'; did you mean 'nelder-mead'"),
        ("guided-es", {}, "'guided-es' needs a surrogate"),
        ("prgf", {"prior": 1}, "'prgf' needs a surrogate"),
        ("random-search", {"height": 2}, "got height = 2 and width = None for theta of 20 elements"),
        ("random-search", {"height": 3, "width": 3}, "such that height * width * channels is the size"),
        ("sep-cma", {"population": 3}, "population = 3: expected `int` >= 4"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_estimator(name, np.zeros(20), rng=np.random.default_rng(0), options=options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "size"), [("scipy:cobyla", 201), ("scipy:cobyla", 1), ("nevergrad:CMA", 1001)])
def test_too_many_dimensions_are_refused(name: str, size: int) -> None:
    with pytest.raises(ConfigError, match="or the method 'sep-cma'"):
        make_estimator(name, np.zeros(size), rng=np.random.default_rng(0))


def test_names_options_and_the_surrogate_reach_the_method() -> None:
    rng = np.random.default_rng(0)
    assert len(make_estimator("nevergrad:TBPSA", np.zeros(20), rng=rng, options={"workers": 5}).ask().thetas) == 6
    guided = make_estimator("guided-es", np.zeros(20), rng=rng, options={"pairs": 3}, prior=perfect)
    assert isinstance(guided, GuidedES)
    assert len(guided.ask().thetas) == 6


def test_a_surrogate_where_none_is_followed_is_refused() -> None:
    with pytest.raises(ConfigError, match="'spsa' follows no surrogate"):
        make_estimator("spsa", np.zeros(20), rng=np.random.default_rng(0), prior=perfect)


def test_a_surrogate_of_another_shape_is_refused() -> None:
    guided = make_estimator("prgf", np.zeros(20), rng=np.random.default_rng(0), prior=lambda theta: theta[1:])
    with pytest.raises(UsageError, match=r"shape \(19,\), expected \(20,\)"):
        guided.ask()


@pytest.mark.parametrize("name", ["sep-cma", "cma-subspace", "nevergrad:CMA"])
def test_a_missing_package_is_named_with_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> None:
        raise ModuleNotFoundError(name=package)

    monkeypatch.setattr(peers, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'bbprompt\[peers\]'"):
        make_estimator(name, np.zeros(20), rng=np.random.default_rng(0))


def test_an_error_that_nevergrad_drops_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("told twice")

    estimator = Nevergrad(np.zeros(20), rng=np.random.default_rng(0), name="DiagonalCMA")
    asked = estimator.ask()
    monkeypatch.setattr("cma.CMAEvolutionStrategy.tell", broken)
    with pytest.raises(ConfigError, match="failed to take a generation"):
        estimator.tell(quadratic(asked))


@pytest.mark.parametrize("workers", [1, 5, 40])
def test_diagonal_cma_takes_generations_whatever_the_workers(workers: int) -> None:
    estimator = Nevergrad(np.zeros(20), rng=np.random.default_rng(0), name="DiagonalCMA", workers=workers)
    sizes = {len(candidates.thetas) for candidates in steps(estimator, quadratic, 6)}
    assert sizes == {1 + max(workers, 12)}


@pytest.mark.parametrize("factory", [SepCMA, RandomSearch, partial(SciPy, name="cobyla")])
def test_a_resumed_search_that_goes_on_leaves_the_state_alone(factory: Factory) -> None:
    first = new(factory)
    told(first, 5)
    state = first.state_dict()
    expected = {name: str(value) for name, value in state.items()}
    resumed = new(factory, seed=3)
    resumed.load_state_dict(state)
    told(resumed, 3)
    assert {name: str(value) for name, value in state.items()} == expected


def told(estimator: Estimator, count: int) -> None:
    for _ in steps(estimator, quadratic, count):
        pass
