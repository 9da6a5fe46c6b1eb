"""VP in its authors' own domain: the prompt is added after normalisation, is never clipped, and cannot be exported."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.baselines.normalised import NormalisedPrompt, fit_normalised  # noqa: E402
from bbprompt.errors import OverlayError  # noqa: E402
from bbprompt.fit import GradientSettings  # noqa: E402
from tests.baselines.test_fine_tune import MEAN, STD, network, opened, same, striped  # noqa: E402

MASK = np.ones((8, 8), dtype=bool)
MASK[2:6, 2:6] = False
SETTINGS = GradientSettings(optimiser="sgd", step_size=5.0, epochs=3, batch_size=8)


def fitted(settings: GradientSettings = SETTINGS) -> NormalisedPrompt:
    return fit_normalised(
        opened(network()), MASK, striped(32, seed=1), striped(32, seed=2), to_classes=lambda logits: logits[:, :2],
        prepare=same, settings=settings, rng=np.random.default_rng(0),
    )  # fmt: skip


def test_the_first_step_is_the_authors_own() -> None:
    """One batch, one step of SGD on v in f((x - m) / s + v), with no momentum yet."""
    module, train = network(), striped(32, seed=1)
    pixels = torch.from_numpy(train.images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    v = torch.zeros(3, 8, 8, requires_grad=True)
    logits = module((pixels - mean) / std + v)[:, :2]
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(train.targets)).backward()
    assert v.grad is not None
    expected = -5.0 * v.grad * torch.from_numpy(MASK) * std[0]
    one_step = GradientSettings(optimiser="sgd", step_size=5.0, epochs=1, batch_size=32)
    found = fit_normalised(
        opened(network()), MASK, train, train, to_classes=lambda logits: logits[:, :2],
        prepare=same, settings=one_step, rng=np.random.default_rng(0),
    )  # fmt: skip
    if bool(found.shift.any()):  # validation may like no prompt best
        torch.testing.assert_close(found.shift, expected, atol=1e-6, rtol=1e-4)
    else:
        pytest.fail("validation kept no prompt; choose other images")


def test_nothing_is_clipped() -> None:
    prompt = NormalisedPrompt(opened(network()), lambda logits: logits, same, torch.full((3, 8, 8), 2.0))
    black = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    expected = opened(network()).logits(torch.full((1, 3, 8, 8), 2.0))
    torch.testing.assert_close(prompt.class_scores(black), expected)


def test_it_lies_under_the_mask_alone_and_learns() -> None:
    prompt, test = fitted(), striped(64, seed=3)
    assert not prompt.shift[:, ~torch.from_numpy(MASK)].any()
    plain = NormalisedPrompt(prompt.oracle, prompt.to_classes, same, torch.zeros(3, 8, 8))
    accuracies = [(each.predict(test.images) == test.targets).mean() for each in (plain, prompt)]
    assert accuracies[1] > accuracies[0] + 0.1


def test_export_is_refused_by_name() -> None:
    with pytest.raises(OverlayError, match=r'no PNG can hold it.*train with preset = "vp"'):
        fitted().overlay()
