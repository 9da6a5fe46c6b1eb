"""A task whose cells take a blink: real digits at 8 px, read by a fixed random layer that a gradient can pass."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from bbprompt.arrays import Float, UInt8
from benchmarks.queries import tasks
from benchmarks.queries.sources import digits
from benchmarks.queries.tasks import BenchTask, Shots

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


class ToyStudent:
    """A linear model of the pixels, fitted by least squares."""

    def __init__(self, labels: int, *, input_size: tuple[int, int]) -> None:
        self.weights = torch.zeros(3 * input_size[0] * input_size[1], labels)

    def learn(self, images: UInt8, log_scores: Float, *, passes: int, rng: np.random.Generator) -> None:
        pixels = torch.from_numpy(images).flatten(1) / 255 - 0.5
        wanted = torch.from_numpy(log_scores - log_scores.mean(axis=1, keepdims=True)).float()
        normal = pixels.T @ pixels + 0.1 * torch.eye(pixels.shape[1])
        self.weights = torch.linalg.solve(normal, pixels.T @ wanted)

    def log_scores(self, levels: torch.Tensor) -> torch.Tensor:
        answers = (levels.flatten(1) / 255 - 0.5) @ self.weights
        return answers - answers.mean(dim=1, keepdim=True)


def open_student(_name: str, *, labels: int, input_size: tuple[int, int], options: object) -> ToyStudent:
    return ToyStudent(labels, input_size=input_size)


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
    )
    monkeypatch.setattr("bbprompt.searches.open_student", open_student)
    monkeypatch.setitem(tasks.TASKS, "tiny", task)
    return "tiny"
