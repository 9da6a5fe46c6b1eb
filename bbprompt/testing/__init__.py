"""Conformance suites for plug-in authors: call them from your own tests, with or without pytest.

    from bbprompt.testing import check_oracle

    def test_my_oracle() -> None:
        check_oracle(MyOracle())

Each check raises ``AssertionError`` with one line that says what was got and what was expected.
"""

from bbprompt.testing.estimators import ESTIMATOR_CHECKS, check_estimator
from bbprompt.testing.oracles import ORACLE_CHECKS, check_differentiable_oracle, check_oracle

__all__ = ["ESTIMATOR_CHECKS", "ORACLE_CHECKS", "check_differentiable_oracle", "check_estimator", "check_oracle"]
