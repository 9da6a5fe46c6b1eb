"""VP in its authors' own domain: the prompt is added after normalisation, is never clipped, and cannot be exported."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.baselines.normalised import NormalisedPrompt, fit_normalised  # noqa: E402
from bbprompt.data import Dataset  # noqa: E402
from bbprompt.errors import OverlayError  # noqa: E402
from bbprompt.fit import GradientSettings  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402

CLASSES = ("dark", "bright")
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)
MASK = np.ones((8, 8), dtype=bool)
MASK[2:6, 2:6] = False


class Brightness(torch.nn.Module):
    """Tells dark from bright by the mean, but for a bias: all is bright to it until a prompt makes up for that."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mean = images.mean(dim=(1, 2, 3)) + 2.0
        return torch.stack([-mean, mean], dim=1)


def opened() -> TorchOracle:
    return TorchOracle(
        Brightness(), name="toy", labels=CLASSES, input_size=(8, 8), mean=MEAN, std=STD, device="cpu"
    )


def grey(n: int, *, seed: int) -> Dataset:
    targets = np.arange(n) % 2
    levels = np.random.default_rng(seed).normal(128 + 40 * (2 * targets - 1), 5)
    images = np.clip(levels[:, None, None, None] * np.ones((1, 8, 8, 3)), 0, 255).astype(np.uint8)
    return Dataset(images, targets, CLASSES)


def fitted(**settings: object) -> NormalisedPrompt:
    chosen = {"optimiser": "sgd", "step_size": 540.0, "epochs": 1, "batch_size": 32, **settings}
    return fit_normalised(
        opened(),
        MASK,
        grey(32, seed=1),
        grey(32, seed=2),
        to_classes=lambda logits: logits,
        prepare=lambda images: images,
        settings=GradientSettings(**chosen),  # type: ignore[arg-type]
        rng=np.random.default_rng(0),
    )


def test_one_step_is_the_authors_own() -> None:
    """One batch, one step of SGD on v in f((x - m) / s + v)."""
    train = grey(32, seed=1)
    pixels = torch.from_numpy(train.images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    v = torch.zeros(3, 8, 8, requires_grad=True)
    logits = Brightness()((pixels - mean) / std + v)
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(train.targets)).backward()
    assert v.grad is not None
    expected = -540.0 * v.grad * torch.from_numpy(MASK)
    torch.testing.assert_close(fitted().shift / std[0], expected, atol=1e-5, rtol=1e-4)


def test_nothing_is_clipped() -> None:
    prompt = NormalisedPrompt(opened(), lambda logits: logits, lambda images: images, torch.full((3, 8, 8), 2.0))
    black = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    expected = opened().logits(torch.full((1, 3, 8, 8), 2.0))
    torch.testing.assert_close(prompt.class_scores(black), expected)


def test_it_learns_under_the_mask_alone() -> None:
    prompt, test = fitted(step_size=40.0, epochs=20, batch_size=8), grey(64, seed=3)
    assert not prompt.shift[:, ~torch.from_numpy(MASK)].any()
    plain = NormalisedPrompt(prompt.oracle, prompt.to_classes, prompt.prepare, torch.zeros(3, 8, 8))
    assert (plain.predict(test.images) == test.targets).mean() == 0.5
    assert (prompt.predict(test.images) == test.targets).mean() > 0.9


def test_export_is_refused_by_name() -> None:
    with pytest.raises(OverlayError, match=r'no PNG can hold it.*train with preset = "vp"'):
        fitted().overlay()
