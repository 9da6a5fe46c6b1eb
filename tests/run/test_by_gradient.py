"""A run by gradients: what is scored, and how often."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.arrays import UInt8  # noqa: E402
from bbprompt.config import parse_config  # noqa: E402
from bbprompt.oracle import Answer, Scores  # noqa: E402
from bbprompt.run import fit_run  # noqa: E402
from bbprompt.task import open_task  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402
from tests.run.conftest import Digits, document, opens  # noqa: E402


class Differentiable(TorchOracle):
    """``Digits`` as a module; counts how often each image was queried."""

    def __init__(self) -> None:
        layer = torch.nn.Linear(192, 12)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(np.random.default_rng(7).normal(size=(12, 192)) / 4))
        module = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Tanh())
        labels, half = Digits().spec.labels, (0.5,) * 3
        super().__init__(
            module, name="features", labels=labels, input_size=(8, 8), mean=half, std=half, answer=Answer.LOGITS
        )
        self.asked: Counter[bytes] = Counter()

    def query(self, images: UInt8) -> Scores:
        self.asked.update(image.tobytes() for image in images)
        return super().query(images)


def test_unprompted_images_are_scored_once_for_the_map_the_start_and_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = Differentiable()
    opens(oracle, monkeypatch)
    fit = {"method": "gradient", "epochs": 4, "looks": 4, "batch_size": 16}
    config = parse_config({**document(), "fit": fit, "budget": {}})
    fit_run(config, tmp_path / "run")
    splits = open_task(config).splits
    first, *others = splits.train.images
    assert oracle.asked[first.tobytes()] == 2  # the pre-flight asks for it, too
    assert [oracle.asked[image.tobytes()] for image in others] == [1] * 79
    assert [oracle.asked[image.tobytes()] for image in splits.test.images] == [1] * 50
