"""Every estimator of the table, through the suite that plug-in authors run."""

from __future__ import annotations

from functools import partial

import pytest

from bbprompt.estimators import ESTIMATORS
from bbprompt.testing import ESTIMATOR_CHECKS


@pytest.mark.parametrize("check", ESTIMATOR_CHECKS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_conforms(name: str, check: str) -> None:
    ESTIMATOR_CHECKS[check](partial(ESTIMATORS[name]))
