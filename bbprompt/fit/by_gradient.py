"""Learn a prompt by gradients through a frozen local model: render, forward, backward to theta, step."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bbprompt.arrays import Float, Int
from bbprompt.checkpoint import load_state, save_state
from bbprompt.errors import ConfigError
from bbprompt.fit.augment import flip_and_crop, shown
from bbprompt.fit.gradient_settings import GradientSettings, make_optimiser, normalise, schedule
from bbprompt.fit.selection import Fit, FitMap, Selection, Watch, unwatched
from bbprompt.fit.window import Window
from bbprompt.objective import Objective
from bbprompt.oracle import FLOOR, Answer, DifferentiableOracle, Scores
from bbprompt.rng import generator_state, restore_generator

if TYPE_CHECKING:
    import torch


def fit_by_gradient(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    fit_map: FitMap,
    start: Scores,
    settings: GradientSettings | None = None,
    rng: np.random.Generator,
    checkpoint: Path | None = None,
    watch: Watch = unwatched,
) -> Fit:
    """Minimise ``objective`` from ``theta`` by stochastic gradients; the oracle must be differentiable.

    8-bit rounding is part of the forward pass and straight-through in the backward one, so what is trained is
    what is exported. The label map, if it learns, is refitted after each epoch from that epoch's own outputs.

    Args:
        start: answers to the objective's images at ``theta``, one each: the first label map.
        checkpoint: written at every look; where it exists it is read first, and the fit goes on from there.

    Raises:
        ConfigError: the oracle gives no gradients.
    """
    settings = settings or GradientSettings()
    fit = _Moving(objective, theta, selection, fit_map, start, settings, rng)
    if not fit.resume(checkpoint):
        selection.look(theta, fit.maps, step=0, queries=0, loss=None)
    every = max(1, settings.epochs // settings.looks)
    while fit.epoch < settings.epochs:
        fit.run_epoch(watch)
        if fit.epoch == settings.epochs or fit.epoch % every == 0:
            fit.look(checkpoint)
    return selection.finish(queries=fit.passes, stopped="done")


class _Moving:
    """Everything that changes from step to step, and so everything that a checkpoint holds."""

    def __init__(
        self,
        objective: Objective,
        theta: Float,
        selection: Selection,
        fit_map: FitMap,
        start: Scores,
        settings: GradientSettings,
        rng: np.random.Generator,
    ) -> None:
        import torch

        self.objective, self.selection, self.settings, self.rng = objective, selection, settings, rng
        self.oracle = differentiable(objective.oracle)
        self.theta = torch.tensor(theta, dtype=torch.float32, device=self.oracle.device, requires_grad=True)
        self.box = shown(objective.prompt.template)
        self.optimiser = make_optimiser(self.theta, settings)
        self.targets = torch.as_tensor(objective.targets, device=self.oracle.device)
        self.fit_map = fit_map
        self.window = Window(start)
        self.maps = fit_map(start, objective.targets)
        self.step = self.epoch = 0
        self.losses: list[float] = []

    @property
    def passes(self) -> int:
        return self.epoch * len(self.objective.targets)

    def run_epoch(self, watch: Watch) -> None:
        """Step through all images once; refit the map from the outputs seen on the way."""
        order = self.rng.permutation(len(self.objective.targets))
        batches = np.split(order, range(self.settings.batch_size, len(order), self.settings.batch_size))
        self.losses, seen = [], self.passes
        for rows in batches:
            self.take_step(rows, len(batches))
            seen += len(rows)
            watch(seen, self.selection.accuracy)
        self.epoch += 1
        if self.maps.whole.learns:
            self.maps = self.fit_map(self.window.scores, self.objective.targets)

    def take_step(self, rows: Int, steps_per_epoch: int) -> None:
        """One forward, one backward, one update."""
        total = self.settings.epochs * steps_per_epoch
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.step_size * schedule(self.step, total, self.settings)
        logits = self.forward(rows)
        log_scores = as_log(logits, self.oracle.spec.answer)
        loss = self.objective.loss(self.maps(log_scores, rows), self.targets[rows]).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.settings.normalise:
            normalise(self.theta)
        self.optimiser.step()
        self.step += 1
        self.losses.append(float(loss.detach()))
        self.window.push(self.as_scores(logits.detach()), rows)

    def forward(self, rows: Int) -> torch.Tensor:
        return self.oracle.logits(self.prompted(rows)).float()

    def prompted(self, rows: Int) -> torch.Tensor:
        """Images (m, 3, h, w) in [0, 1], for the oracle alone to hold: each copy more would count at its peak."""
        import torch

        prompt, images = self.objective.prompt, self.objective.images[rows]
        if self.settings.augment:
            images = flip_and_crop(images, self.box, self.rng)
        levels = torch.from_numpy(images).to(self.oracle.device, torch.float32)
        laid: torch.Tensor = prompt.template.apply(levels, prompt.levels_ste(self.theta))
        return (laid / 255).permute(0, 3, 1, 2)

    def as_scores(self, logits: torch.Tensor) -> Scores:
        """What a query would have answered."""
        answer = self.oracle.spec.answer
        values = logits.softmax(dim=1) if answer is Answer.PROBABILITIES else logits
        return Scores(values.cpu().numpy(), answer)

    def look(self, checkpoint: Path | None) -> None:
        theta = self.theta.detach().cpu().numpy().astype(np.float64)
        loss = float(np.mean(self.losses))
        self.selection.look(theta, self.maps, step=self.step, queries=self.passes, loss=loss)
        if checkpoint is not None:
            save_state(checkpoint, self.state_dict())

    def state_dict(self) -> dict[str, Any]:
        import torch

        buffer = io.BytesIO()
        torch.save({"theta": self.theta.detach(), "optimiser": self.optimiser.state_dict()}, buffer)
        return {
            "torch": buffer.getvalue(),
            "generator": generator_state(self.rng),
            "selection": self.selection.state_dict(),
            "window": self.window.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
        }

    def resume(self, checkpoint: Path | None) -> bool:
        import torch

        if checkpoint is None or not checkpoint.exists():
            return False
        state = load_state(checkpoint)
        tensors = torch.load(io.BytesIO(state["torch"]), weights_only=True, map_location=self.oracle.device)
        with torch.no_grad():
            self.theta.copy_(tensors["theta"])
        self.optimiser.load_state_dict(tensors["optimiser"])
        restore_generator(self.rng, state["generator"])
        self.selection.load_state_dict(state["selection"])
        self.window.load_state_dict(state["window"])
        if self.maps.whole.learns:
            self.maps = self.fit_map(self.window.scores, self.objective.targets)
        self.step, self.epoch = state["step"], state["epoch"]
        return True


def as_log(logits: torch.Tensor, answer: Answer) -> torch.Tensor:
    """What ``Scores.log`` does to answers (n, k), where gradients pass."""
    if answer is Answer.SIMILARITY:
        return logits
    return logits.log_softmax(dim=1).clamp(min=math.log(FLOOR))


def differentiable(oracle: object) -> DifferentiableOracle:
    """Return ``oracle`` if a gradient can pass through it.

    Raises:
        ConfigError: it can only be queried.
    """
    if isinstance(oracle, DifferentiableOracle):
        return oracle
    raise ConfigError(
        f"method 'gradient' needs a local model, got {type(oracle).__name__}, which can only be queried; "
        "name a local [oracle] adapter, or a query-only [fit] method"
    )
