"""VP in its authors' own pixel domain: to be compared with, never to leave with.

The code of Bahng et al. 2022 (arXiv 2203.17274) adds the prompt after the model's normalisation and never clips:

    logits = f((x - m) / s + v)

In pixels that is x + s v, off the 8-bit levels and beyond black and white: no image, and so nothing that could be sent
to an API or kept as a PNG. Here the best epoch on validation is kept; theirs is the best on test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol, runtime_checkable

import numpy as np

from bbprompt.arrays import Bool, Int, UInt8
from bbprompt.data import Dataset
from bbprompt.errors import OverlayError
from bbprompt.fit.gradient_settings import GradientSettings, make_optimiser, schedule
from bbprompt.parametrisations.region import scatter

if TYPE_CHECKING:
    import torch

    ClassScores = Callable[[torch.Tensor], torch.Tensor]
    """From the oracle's logits (n, k) to class scores (n, c)."""

AT_ONCE = 64


@runtime_checkable
class NormalisingOracle(Protocol):
    """A differentiable oracle that divides pixels by ``std``."""

    device: torch.device

    @property
    def std(self) -> torch.Tensor:
        """Float, shape (1, 3, 1, 1), for pixels in [0, 1]."""

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, k), also for pixels outside [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedPrompt:
    """A prompt that is added after normalisation.

    Attributes:
        oracle: the frozen model.
        to_classes: its label map.
        prepare: brings images (n, H, W, 3) to the oracle's size.
        shift: s v, float, shape (3, h, w): what it adds to pixels in [0, 1].
    """

    oracle: NormalisingOracle
    to_classes: ClassScores
    prepare: Callable[[UInt8], UInt8]
    shift: torch.Tensor

    def predict(self, images: UInt8) -> Int:
        """Images (n, H, W, 3), uint8, to class numbers (n,), int64."""
        import torch

        prepared = self.prepare(images)
        with torch.no_grad():
            parts = [
                self.class_scores(prepared[start : start + AT_ONCE]).argmax(dim=1).cpu().numpy()
                for start in range(0, len(prepared), AT_ONCE)
            ]
        return np.concatenate(parts).astype(np.int64)

    def class_scores(self, prepared: UInt8) -> torch.Tensor:
        """Prepared images (n, h, w, 3) to class scores (n, c)."""
        import torch

        pixels = torch.from_numpy(prepared).to(self.oracle.device).permute(0, 3, 1, 2).float() / 255
        return self.to_classes(self.oracle.logits(pixels + self.shift))

    def overlay(self) -> NoReturn:
        """Refuse: no overlay can hold it.

        Raises:
            OverlayError: always.
        """
        raise OverlayError(
            "a prompt in the authors' own domain is added after normalisation and never clipped, so no PNG can hold "
            'it; it is there to compare with. To export one, train with preset = "vp"'
        )


def fit_normalised(
    oracle: NormalisingOracle,
    mask: Bool,
    train: Dataset,
    validation: Dataset,
    *,
    to_classes: ClassScores,
    prepare: Callable[[UInt8], UInt8],
    settings: GradientSettings,
    rng: np.random.Generator,
) -> NormalisedPrompt:
    """Minimise the cross-entropy from v = 0 by the optimiser, step and schedule of ``settings``.

    Args:
        mask: bool, shape (h, w): where the prompt is.
        to_classes: from logits to class scores; torch, so that gradients pass.
    """

    def prompt(v: torch.Tensor) -> NormalisedPrompt:
        shift = scatter(v, mask).permute(2, 0, 1) * oracle.std[0]
        return NormalisedPrompt(oracle, to_classes, prepare, shift)

    def validated(v: torch.Tensor) -> float:
        return float((prompt(v).predict(validation.images) == validation.targets).mean())

    epochs = _epochs(
        prompt,
        prepare(train.images),
        train.targets,
        3 * int(mask.sum()),
        device=oracle.device,
        settings=settings,
        rng=rng,
    )
    return prompt(max(epochs, key=validated))


def _epochs(
    prompt: Callable[[torch.Tensor], NormalisedPrompt],
    images: UInt8,
    targets: Int,
    d: int,
    *,
    device: torch.device,
    settings: GradientSettings,
    rng: np.random.Generator,
) -> Iterator[torch.Tensor]:
    """Yield v, shape (d,), as it is before the first epoch and after each."""
    import torch

    v = torch.zeros(d, device=device, requires_grad=True)
    optimiser = make_optimiser(v, settings)
    step, steps = 0, settings.epochs * -(-len(images) // settings.batch_size)
    yield v.detach().clone()
    for _ in range(settings.epochs):
        order = rng.permutation(len(images))
        for rows in np.split(order, range(settings.batch_size, len(order), settings.batch_size)):
            for group in optimiser.param_groups:
                group["lr"] = settings.step_size * schedule(step, steps, settings)
            wanted = torch.as_tensor(targets[rows], device=device)
            loss = torch.nn.functional.cross_entropy(prompt(v).class_scores(images[rows]), wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            step += 1
        yield v.detach().clone()
