"""Names, options, starts and losses that cannot be used are refused with what to do; options reach the method."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bbprompt.errors import ConfigError, DataError, UsageError
from bbprompt.estimators import ESTIMATORS, SPSA, SPSAGC, make_estimator

make = partial(make_estimator, rng=np.random.default_rng(0))


def test_options_reach_the_method() -> None:
    assert len(make("spsa", np.zeros(3), options={"pairs": 7}).ask().thetas) == 14


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("spsa-cg", {}, "unknown estimator 'spsa-cg'; did you mean 'spsa-gc'"),
        ("spsa", {"pair": 1}, "unknown option of spsa 'pair'; did you mean 'pairs'"),
        ("spsa", {"rng": 1}, "unknown option of spsa 'rng'"),
        ("spsa", {"pairs": 0}, "pairs = 0: expected `int` >= 1"),
        ("spsa", {"pairs": 2.5}, "pairs = 2.5: expected `int`, got `float`"),
        ("spsa", {"pairs": True}, "pairs = True: expected `int`, got `bool`"),
        ("spsa", {"c_levels": "4"}, "c_levels = '4': expected `float`, got `str`"),
        ("spsa", {"a": float("nan")}, "a = nan: expected `float` > 0"),
        ("spsa-gc", {"beta": 1.0}, "beta = 1.0: expected `float` < 1"),
        ("antithetic", {"shaping": "ranks"}, "unknown shaping 'ranks'; did you mean 'rank'"),
    ],
)
def test_names_and_options_are_checked(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(name, np.zeros(3), options=options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_used_directly_checks_its_options_too() -> None:
    with pytest.raises(ConfigError, match="pairs = 0"):
        SPSA(np.zeros(3), rng=np.random.default_rng(0), pairs=0)


@pytest.mark.parametrize("theta", [np.zeros((2, 3)), np.array([0.0, np.nan]), np.zeros(0)])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_start_that_is_no_vector_is_refused(name: str, theta: np.ndarray) -> None:
    with pytest.raises(UsageError, match="theta must be a vector of finite numbers"):
        make(name, theta)


def test_a_state_of_another_method_size_or_generator_is_refused() -> None:
    spsa = SPSA(np.zeros(3), rng=np.random.default_rng(0))
    with pytest.raises(DataError, match="resume with the method"):
        SPSAGC(np.zeros(3), rng=np.random.default_rng(0)).load_state_dict(spsa.state_dict())
    with pytest.raises(DataError, match="resume with the template"):
        SPSA(np.zeros(4), rng=np.random.default_rng(0)).load_state_dict(spsa.state_dict())
    philox = SPSA(np.zeros(3), rng=np.random.Generator(np.random.Philox(0)))
    with pytest.raises(DataError, match="PCG64 generator, expected Philox"):
        philox.load_state_dict(spsa.state_dict())


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.Philox, np.random.MT19937, np.random.SFC64])
def test_every_kind_of_generator_resumes(kind: type[np.random.BitGenerator]) -> None:
    spsa = SPSA(np.zeros(40), rng=np.random.Generator(kind(1)))
    state = spsa.state_dict()
    resumed = SPSA(np.zeros(40), rng=np.random.Generator(kind(2)))
    resumed.load_state_dict(state)
    np.testing.assert_array_equal(resumed.ask().thetas, spsa.ask().thetas)
