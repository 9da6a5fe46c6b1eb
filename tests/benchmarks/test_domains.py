"""Distances behind Fig. 5: zero where they must be, larger for what is farther or more varied; gains from the store."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite_pytorch")

from sklearn.datasets import load_sample_image  # noqa: E402

from benchmarks.machine import describe  # noqa: E402
from benchmarks.paper.distances import Features, frechet  # noqa: E402
from benchmarks.paper.domains import Document, Domain, table  # noqa: E402


def test_a_frechet_distance_is_zero_for_its_own_statistics_and_in_standard_deviations() -> None:
    mean, std = torch.tensor([3.0, -1.0]), torch.tensor([2.0, 0.5])
    unit = torch.tensor([-1.0, 1.0]).repeat(2, 8)
    assert frechet(mean[:, None] + std[:, None] * unit, mean, std) == pytest.approx(0)
    assert frechet(mean[:, None] + std[:, None] * (unit + 3), mean, std) == pytest.approx(9)
    assert frechet(mean[:, None] + std[:, None] * unit * 3, mean, std) == pytest.approx(4)


def test_noise_is_farther_from_imagenet_than_photographs_and_one_picture_is_not_varied() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, size=(3, 16, 16, 3), dtype=np.uint8)
    features = Features()
    one_picture = np.repeat(noise[:1], 3, axis=0)
    assert features.diversity(one_picture) == pytest.approx(0, abs=1e-5)
    assert features.diversity(noise) > 0.1
    photos = [load_sample_image(name)[:420, :420] for name in ("china.jpg", "flower.jpg")]
    assert features.distance(noise) > features.distance(np.stack(photos)) + 0.1


def test_the_table_says_which_gains_are_missing_and_how_the_others_rank() -> None:
    gains = (9.0, 4.0, 1.0, None)
    domains = [
        Domain(name=name, distance=float(place), diversity=-float(place), gain=gain)
        for place, (name, gain) in enumerate(zip("abcd", gains, strict=True))
    ]
    words = table(Document(machine=describe(), axes=("far", "varied"), images=2, domains=domains))
    assert "| a | 0.000 | -0.000 | +9.0 |" in words
    assert "| d | 3.000 | -3.000 | – |" in words
    assert "gain with far: -1.00 (3 data sets)" in words
    assert "gain with varied: +1.00 (3 data sets)" in words
