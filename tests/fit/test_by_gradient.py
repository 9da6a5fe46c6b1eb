"""The gradient loop: learns, leaves the weights frozen, trains what it exports, resumes to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.errors import ConfigError  # noqa: E402
from bbprompt.fit import Fit, GradientSettings, fit_by_gradient  # noqa: E402
from bbprompt.losses import LOSSES  # noqa: E402
from bbprompt.oracle import Answer  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402
from tests.fit.conftest import BIAS, SPEC, Linear, Problem  # noqa: E402

Make = Callable[..., Problem]


def torch_twin() -> TorchOracle:
    """``Linear`` as a module."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 5))
    with torch.no_grad():
        nhwc = Linear().weights.reshape(8, 8, 3, 5).transpose(3, 2, 0, 1).reshape(5, 192)
        module[1].weight.copy_(torch.from_numpy(nhwc.copy()))
        module[1].bias.copy_(torch.from_numpy(BIAS))
    return TorchOracle(
        module,
        labels=SPEC.labels,
        input_size=(8, 8),
        mean=(0.5,) * 3,
        std=(1.0,) * 3,
        name="twin",
        answer=Answer.LOGITS,
    )


def fit(problem: Problem, *, checkpoint: Path | None = None, stop_at: int | None = None, **settings: object) -> Fit:
    def watch(passes: int, _best: float) -> None:
        if stop_at is not None and passes >= stop_at:
            raise KeyboardInterrupt

    chosen = {"epochs": 8, "batch_size": 16, "step_size": 0.05, "looks": 4, **settings}
    return fit_by_gradient(
        problem.objective,
        problem.theta,
        problem.selection,
        fit_map=problem.fit_map,
        start=problem.start,
        settings=GradientSettings(**chosen),
        rng=np.random.default_rng(6),
        checkpoint=checkpoint,
        watch=watch,
    )


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_it_learns(make_problem: Make, optimiser: str) -> None:
    found = fit(make_problem(torch_twin()), optimiser=optimiser, step_size=0.05 if optimiser == "adam" else 1.0)
    accuracies = [look.accuracy.accuracy for look in found.history]
    assert max(accuracies) >= accuracies[0] + 0.15


def test_the_weights_stay_frozen_and_hold_no_gradients(make_problem: Make) -> None:
    oracle = torch_twin()
    module = oracle._module
    before = [p.clone() for p in module.parameters()]
    fit(make_problem(oracle))
    assert all(p.grad is None and not p.requires_grad for p in module.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


@pytest.mark.parametrize("label_map", ["linear", "frequency"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_killed_fit_resumes_to_the_same_prompt_bit_for_bit(
    make_problem: Make, tmp_path: Path, label_map: str, optimiser: str
) -> None:
    settings = {"optimiser": optimiser, "warmup_steps": 5, "augment": optimiser == "sgd"}
    whole = fit(make_problem(torch_twin(), label_map=label_map), **settings)
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit(make_problem(torch_twin(), label_map=label_map), checkpoint=checkpoint, stop_at=300, **settings)
    resumed = fit(make_problem(torch_twin(), label_map=label_map), checkpoint=checkpoint, **settings)
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.history == whole.history


def test_a_loss_seen_in_training_is_the_loss_of_the_bytes_that_are_exported(make_problem: Make) -> None:
    problem = make_problem(torch_twin())
    theta = np.random.default_rng(2).normal(0, 0.1, problem.theta.shape)
    rows = np.arange(60)[None]
    maps = problem.fit_map(problem.start, problem.objective.targets)
    by_bytes = problem.objective.losses(problem.objective.query(theta[None], rows), rows, maps)
    seen: list[float] = []
    problem.selection.look(theta, maps, step=0, queries=0, loss=None)
    found = fit_by_gradient(
        problem.objective, theta, problem.selection, fit_map=problem.fit_map, start=problem.start,
        settings=GradientSettings(epochs=1, batch_size=60, step_size=0.0), rng=np.random.default_rng(0),
    )  # fmt: skip
    seen += [look.loss for look in found.history if look.loss is not None]
    assert seen == pytest.approx([by_bytes[0]], rel=1e-5)


def test_an_oracle_that_can_only_be_queried_is_refused_by_name(make_problem: Make) -> None:
    with pytest.raises(ConfigError, match="can only be queried"):
        fit(make_problem(Linear()))


def test_a_normalised_gradient_makes_the_scale_of_the_loss_irrelevant(make_problem: Make) -> None:
    def learned(scale: float, *, normalise: bool) -> np.ndarray:
        problem = make_problem(torch_twin())
        loss = replace(LOSSES["cross-entropy"], function=lambda s, t: scale * LOSSES["cross-entropy"](s, t))
        problem.objective = replace(problem.objective, loss=loss)
        settings = {"optimiser": "sgd", "momentum": 0.0, "step_size": 0.5, "epochs": 2, "looks": 2}
        return fit(problem, normalise=normalise, **settings).theta

    np.testing.assert_allclose(learned(1.0, normalise=True), learned(64.0, normalise=True), atol=1e-5)
    assert np.abs(learned(1.0, normalise=False) - learned(64.0, normalise=False)).max() > 0.01
