"""A student that starts as a local model: any adapter whose oracle can be tuned, best of the oracle's own family.

What a student has to get right is the slope of the oracle's answers, and slopes are alike where architecture and
training are. A model with as many labels keeps its head, whose answers are a start; any other gets a new one.
"""

from __future__ import annotations

from collections.abc import Mapping

from bbprompt.baselines.fine_tune import TunableOracle
from bbprompt.errors import ConfigError
from bbprompt.registry import open_oracle
from bbprompt_adapters.module_student import ModuleStudent, Shrunk

STEP_SIZE = 1e-4
"""Ten times as much unlearns what transfers: the slope's cosine with the oracle's falls to 0."""


def open_student(
    labels: int,
    *,
    input_size: tuple[int, int],  # noqa: ARG001
    options: Mapping[str, object] | None = None,
) -> ModuleStudent:
    """Open a fresh copy of the local model that ``options`` name, as an ``[oracle]`` table does.

    Args:
        labels: number of labels of the oracle to imitate.
        input_size: (height, width) of its images; not read, as the copy brings any image to its own size.
        options: ``adapter``, and that adapter's own keys.

    Raises:
        ConfigError: no adapter, one whose model cannot be trained here, or an option that it refuses.
    """
    table = dict(options or {})
    adapter = table.pop("adapter", None)
    if not isinstance(adapter, str):
        raise ConfigError(
            "student 'local-model' needs to know which: [fit] student_options = "
            f'{{ adapter = "timm", ... }}, got adapter = {adapter!r}'
        )
    oracle = open_oracle(adapter, table)
    if not isinstance(oracle, TunableOracle):
        raise ConfigError(f"the model of adapter {adapter!r} cannot be trained here; name a local torch model")
    keeps_head = len(oracle.spec.labels) == labels
    model = oracle.tunable(None if keeps_head else labels).cpu()
    return ModuleStudent(Shrunk(model, oracle.spec.input_size), step_size=STEP_SIZE)
