"""A task whose cells take a blink: real digits at 8 px, read by a fixed random layer that a gradient can pass."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks.queries import tasks
from benchmarks.queries.sources import digits
from benchmarks.queries.tasks import NOT_ITS_OWN_STUDENT, BenchTask, Shots

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from bbprompt.oracle import Answer  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402


def features(_data: Path) -> TorchOracle:
    layer = torch.nn.Linear(192, 12)
    with torch.no_grad():
        layer.weight.normal_(generator=torch.Generator().manual_seed(0)).mul_(0.25)
        layer.bias.zero_()
    return TorchOracle(
        torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Tanh()),
        name="features",
        labels=list("abcdefghijkl"),
        input_size=(8, 8),
        mean=[0.5] * 3,
        std=[0.5] * 3,
        answer=Answer.PROBABILITIES,
        device="cpu",
    )


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    task = BenchTask(
        oracle=features,
        source=digits,
        side=8,
        shots=MappingProxyType({"16": Shots(16, 50)}),
        test=100,
        seeds=2,
        largest_budget=1_000,
        gradient_passes=320,
        options=NOT_ITS_OWN_STUDENT,
    )
    monkeypatch.setitem(tasks.TASKS, "tiny", task)
    return "tiny"
