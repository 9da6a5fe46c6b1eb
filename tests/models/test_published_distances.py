"""FID and LPIPS from weights on disk: both open, and give what their definitions say of equal images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lpips", reason="lpips is not installed: make test-models")
pytest.importorskip("torch_fidelity", reason="torch-fidelity is not installed: make test-models")

import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision import models

from benchmarks.paper.published_distances import diversity, fid, open_lpips

pytestmark = pytest.mark.filterwarnings("ignore")


def noise(n: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(n, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("alexnet") / "alexnet.pth"
    torch.save(models.alexnet(weights=None).state_dict(), path)
    return path


def test_lpips_reads_torchvisions_alexnet(alexnet: Path) -> None:
    opened, saved = open_lpips(alexnet), torch.load(alexnet, weights_only=True)
    own = [value for key, value in opened.net.state_dict().items()]
    expected = [value for key, value in saved.items() if key.startswith("features.")]
    assert all(torch.equal(a, b) for a, b in zip(own, expected, strict=True))


def test_equal_images_are_not_varied_and_others_are(alexnet: Path) -> None:
    images = noise(3, seed=0)
    assert diversity(np.repeat(images[:1], 3, axis=0), alexnet) == pytest.approx(0, abs=1e-6)
    assert diversity(images, alexnet) > 1e-4


def test_images_are_at_no_distance_from_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "inception.pth"
    with monkeypatch.context() as patch:  # its constructor cannot do without a file
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_args, **_kw: None)
        patch.setattr(torch, "load", lambda *_args, **_kw: {})
        weights.touch()
        random = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], str(weights))
    for part in random.modules():  # torch's own start loses half the signal a layer, and all of it in ninety
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
    torch.save(random.state_dict(), weights)
    images, others = noise(4, seed=0), noise(4, seed=1) // 4
    apart = fid(images, others, weights)
    assert apart > 1e-2
    assert fid(images, images.copy(), weights) == pytest.approx(0, abs=1e-4 * apart)
