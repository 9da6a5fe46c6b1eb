"""The embedded model: real weights, folded without changing what they compute, quiet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bbprompt.arrays import UInt8
from bbprompt.errors import ConfigError
from bbprompt.registry import open_oracle
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters import efficientnet_lite0
from bbprompt_adapters.efficientnet_lite0 import imagenet_labels


@pytest.mark.parametrize("answer", ["logits", "probabilities"])
def test_conforms_whatever_the_company(answer: str) -> None:
    oracle = efficientnet_lite0.open_oracle({"input_size": 64, "answer": answer, "device": "cpu"})
    check_oracle(oracle, tolerance=0)
    check_differentiable_oracle(oracle)


@pytest.mark.parametrize("size", [33, 64, 112])
def test_folding_changes_nothing(size: int) -> None:
    oracle = efficientnet_lite0.open_oracle({"input_size": size, "device": "cpu"})
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = efficientnet_lite0.load_module(size)((images - 0.498) / 0.502)
        torch.testing.assert_close(oracle.logits(images), expected, rtol=1e-3, atol=1e-3)


def test_knows_a_flower_and_a_temple() -> None:
    images = pytest.importorskip("sklearn.datasets").load_sample_images().images
    oracle = efficientnet_lite0.open_oracle({"device": "cpu"})
    best = oracle.query(np.stack([_middle(image) for image in images])).values.argmax(axis=1)
    assert [oracle.spec.labels[index] for index in best] == ["palace", "daisy"]


def test_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    open_oracle("efficientnet-lite0", {"input_size": 32, "device": "cpu"})
    assert capfd.readouterr() == ("", "")


def test_labels_are_the_thousand() -> None:
    labels = imagenet_labels()
    assert len(set(labels)) == 1000
    assert (labels[0], labels[985], labels[999]) == ("tench", "daisy", "toilet tissue")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_siz": 64}, r"\[oracle\] has an unknown key 'input_siz'; did you mean 'input_size'\?"),
        ({"input_size": 16}, r"\[oracle\] input_size: expected int >= 32, got 16"),
        ({"answer": "logit"}, r"\[oracle\] answer: unknown value 'logit'; did you mean 'logits'\?"),
        ({"device": "gpu"}, "device 'gpu' cannot be used"),
    ],
)
def test_refuses_options_in_one_line(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        efficientnet_lite0.open_oracle(options)
    assert "\n" not in str(caught.value)


def _middle(image: UInt8) -> UInt8:
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    rows = np.linspace(0, side - 1, 224).astype(int)
    middle: UInt8 = image[top + rows[:, None], left + rows]
    return middle
