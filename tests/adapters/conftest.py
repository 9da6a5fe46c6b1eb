"""The toy classifier, in both kinds of answer."""

from __future__ import annotations

import pytest

from bbprompt.oracle import Answer
from bbprompt_adapters.torch_module import TorchOracle

from .toy import toy_oracle


@pytest.fixture(params=[Answer.LOGITS, Answer.PROBABILITIES])
def toy(request: pytest.FixtureRequest) -> TorchOracle:
    return toy_oracle(request.param)
