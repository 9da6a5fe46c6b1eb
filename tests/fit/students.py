"""Students that need not learn, of the oracle in ``conftest``."""

from __future__ import annotations

import numpy as np
import torch

from bbprompt.fit.by_gradient import as_log
from tests.fit.conftest import BIAS, SPEC, Linear, Problem


class KnowsAll:
    """The oracle itself, as a torch function."""

    def __init__(self) -> None:
        self.weights = torch.from_numpy(Linear().weights).float()
        self.lessons: list[int] = []

    def learn(self, images, log_scores, *, passes, rng) -> None:  # type: ignore[no-untyped-def]
        assert images.dtype == np.uint8
        assert len(images) == len(log_scores)
        self.lessons.append(len(images))

    def log_scores(self, levels):  # type: ignore[no-untyped-def]
        answers = (levels.flatten(1) / 255 - 0.5) @ self.weights + torch.from_numpy(BIAS).float()
        return answers - answers.mean(dim=1, keepdim=True)


class Misleads(KnowsAll):
    """Every gradient points uphill."""

    def log_scores(self, levels):  # type: ignore[no-untyped-def]
        return -super().log_scores(levels)


def true_gradient(problem: Problem) -> np.ndarray:
    """Of the mean training loss without a prompt, through the oracle and its map: shape (d,)."""
    objective, oracle = problem.objective, KnowsAll()
    images = torch.from_numpy(objective.images).float().requires_grad_(True)
    logits = (images.flatten(1) / 255 - 0.5) @ oracle.weights + torch.from_numpy(BIAS).float()
    maps = problem.fit_map(problem.start, objective.targets)
    class_scores = maps(as_log(logits, SPEC.answer), np.arange(len(images)))
    objective.loss(class_scores, torch.from_numpy(objective.targets)).mean().backward()
    assert images.grad is not None
    return images.grad.numpy().sum(axis=0).ravel()
