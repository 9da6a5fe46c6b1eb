"""Searches over theta that see losses only, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.base import Candidates, Estimator
from bbprompt.estimators.cma_subspace import CMASubspace
from bbprompt.estimators.guided_es import GuidedES
from bbprompt.estimators.nes import NES
from bbprompt.estimators.nevergrad_ import Nevergrad
from bbprompt.estimators.options import check_names, option_types
from bbprompt.estimators.prgf import PRGF
from bbprompt.estimators.prior import Prior
from bbprompt.estimators.random_search import RandomSearch
from bbprompt.estimators.rgf import RGF
from bbprompt.estimators.scipy_ import SciPy
from bbprompt.estimators.sep_cma import SepCMA
from bbprompt.estimators.spsa import SPSA
from bbprompt.estimators.spsa_gc import SPSAGC
from bbprompt.estimators.vkd_cma import VkDCMA
from bbprompt.names import look_up

__all__ = [
    "ESTIMATORS",
    "FAMILIES",
    "GUIDED",
    "NES",
    "PRGF",
    "RGF",
    "SPSA",
    "SPSAGC",
    "AntitheticPairs",
    "CMASubspace",
    "Candidates",
    "Estimator",
    "GuidedES",
    "Nevergrad",
    "Prior",
    "RandomSearch",
    "SciPy",
    "SepCMA",
    "VkDCMA",
    "make_estimator",
]

ESTIMATORS: dict[str, Callable[..., Estimator]] = {
    "antithetic": AntitheticPairs,
    "cma-subspace": CMASubspace,
    "nes": NES,
    "random-search": RandomSearch,
    "rgf": RGF,
    "sep-cma": SepCMA,
    "spsa": SPSA,
    "spsa-gc": SPSAGC,
    "vkd-cma": VkDCMA,
}

GUIDED: dict[str, Callable[..., Estimator]] = {"guided-es": GuidedES, "prgf": PRGF}
"""Methods that follow a surrogate: they take the keyword ``prior``."""

FAMILIES: dict[str, Callable[..., Estimator]] = {"nevergrad": Nevergrad, "scipy": SciPy}
"""Somebody else's optimisers, called ``family:NAME``: they take the keyword ``name``."""


def make_estimator(
    name: str,
    theta: Float,
    *,
    rng: np.random.Generator,
    options: Mapping[str, object] | None = None,
    prior: Prior | None = None,
) -> Estimator:
    """Build the estimator called ``name`` at ``theta``, float64, shape (d,), in units of the full pixel range.

    Args:
        name: a key of ``ESTIMATORS`` or ``GUIDED``, or of ``FAMILIES`` with a name of the family's: "nevergrad:CMA".
        theta: start; copied.
        rng: source of all randomness; the estimator keeps it and draws from it.
        options: keyword options of the estimator's class.
        prior: the surrogate's gradient, for the methods of ``GUIDED``, which need it.

    Raises:
        ConfigError: an unknown name or option (the message names the nearest known one), an option of another
            type or out of range, a surrogate that is missing or has no use, or a package that is not installed.
        UsageError: theta is not a vector of finite numbers.
    """
    build, given = _find(name, prior)
    options, types = options or {}, option_types(build)
    check_names(name, options, {option: kind for option, kind in types.items() if option not in given})
    return build(theta, rng=rng, **given, **options)


def _find(name: str, prior: Prior | None) -> tuple[Callable[..., Estimator], dict[str, object]]:
    """Return what builds the estimator, and the keywords that it takes beside options."""
    given: dict[str, object] = {}
    family, colon, member = name.partition(":")
    if colon:
        build = look_up("family of estimators", family, FAMILIES)
        given = {"name": member}
    elif name in FAMILIES:
        raise ConfigError(f"{name!r} is a family of estimators, got no name; write '{name}:NAME'")
    else:
        build = look_up("estimator", name, {**ESTIMATORS, **GUIDED})
    if (name in GUIDED) != (prior is not None):
        raise _surrogate_error(name)
    return build, {"prior": prior} if prior is not None else given


def _surrogate_error(name: str) -> ConfigError:
    if name in GUIDED:
        return ConfigError(f"{name!r} needs a surrogate; pass its gradient as prior, a function of theta")
    return ConfigError(f"{name!r} follows no surrogate, got a prior; leave it out, or use: {', '.join(GUIDED)}")
