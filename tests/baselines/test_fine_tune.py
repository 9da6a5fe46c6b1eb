"""Features are what the head reads; fine-tuning learns with every weight and leaves the oracle alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.arrays import UInt8  # noqa: E402
from bbprompt.baselines.fine_tune import FineTuneSettings, fine_tune  # noqa: E402
from bbprompt.data import Dataset  # noqa: E402
from bbprompt.errors import ConfigError  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)


def network(*, pixel_head: bool = False) -> torch.nn.Module:
    torch.manual_seed(0)
    head = (
        [torch.nn.Conv2d(6, 5, 1), torch.nn.Flatten()]
        if pixel_head
        else [torch.nn.Flatten(), torch.nn.Linear(6, 5)]
    )
    pool = torch.nn.AdaptiveAvgPool2d(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3), torch.nn.ReLU(), pool, *head)


def opened(module: torch.nn.Module) -> TorchOracle:
    return TorchOracle(
        module, name="small", labels=list("abcde"), input_size=(8, 8), mean=MEAN, std=STD, device="cpu"
    )


def striped(n: int, *, seed: int) -> Dataset:
    """Stripes one way or the other: a mean colour tells nothing."""
    rng = np.random.default_rng(seed)
    targets = np.arange(n) % 2
    stripes = np.indices((8, 8))[:, None] % 2 * 255
    images = np.stack([np.repeat(stripes[t].reshape(8, 8, 1), 3, axis=2) for t in targets])
    noisy = np.clip(images + rng.normal(0, 40, size=images.shape), 0, 255).astype(np.uint8)
    return Dataset(noisy, targets.astype(np.int64), ("rows", "columns"))


def same(images: UInt8) -> UInt8:
    return images


@pytest.mark.parametrize("pixel_head", [True, False])
def test_features_are_what_the_head_reads(pixel_head: bool) -> None:
    module = network(pixel_head=pixel_head)
    images = striped(21, seed=0).images
    oracle = opened(module)
    found = oracle.features(images)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    with torch.no_grad():
        expected = module[:3]((pixels - mean) / std).flatten(1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not module._modules["3" if pixel_head else "4"]._forward_pre_hooks


@pytest.mark.parametrize("pixel_head", [True, False])
def test_fine_tuning_learns_and_leaves_the_oracle_as_it_was(pixel_head: bool) -> None:
    oracle = opened(network(pixel_head=pixel_head))
    before = [parameter.clone() for parameter in oracle._module.parameters()]
    train, validation, test = striped(64, seed=1), striped(32, seed=2), striped(64, seed=3)
    settings = FineTuneSettings(epochs=12, step_size=2e-2)
    rng = np.random.default_rng(0)
    predict = fine_tune(oracle, train, validation, prepare=same, rng=rng, settings=settings)
    assert (predict(test.images) == test.targets).mean() > 0.95
    after = list(oracle._module.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert not any(parameter.requires_grad for parameter in after)


def test_every_weight_of_the_copy_wants_a_gradient() -> None:
    copied = opened(network()).tunable(2)
    copied(torch.rand(3, 3, 8, 8)).sum().backward()
    assert all(parameter.requires_grad for parameter in copied.parameters())
    assert copied(torch.rand(3, 3, 8, 8)).shape == (3, 2)


def test_a_module_without_a_linear_head_is_refused() -> None:
    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    with pytest.raises(ConfigError, match="has no linear head"):
        opened(module).tunable(2)
