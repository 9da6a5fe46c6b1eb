"""The random patch: as good as random from image to image, for ever the same for one image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from bbprompt.arrays import UInt8
from bbprompt.templates import make_template
from bbprompt.templates.random_patch import RandomPatch


def noise(n: int, seed: int = 0) -> UInt8:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 9, 3), dtype=np.uint8)


def test_the_square_lands_whole_in_each_image_s_place() -> None:
    template = RandomPatch(canvas=(8, 9), blend="over", size=4, seed=1)
    levels = np.zeros((8, 9, 3), dtype=np.int64)
    levels[:4, :4] = np.arange(48).reshape(4, 4, 3)
    images = noise(50)
    laid = template.apply(images, levels)
    for image, out, top, left in zip(images, laid, *template.places(images), strict=True):
        image[top : top + 4, left : left + 4] = levels[:4, :4]
        np.testing.assert_array_equal(out, image)


def test_places_are_spread_evenly_over_all_there_are() -> None:
    template = RandomPatch(canvas=(8, 9), blend="add", size=4)
    top, left = template.places(noise(3000))
    counts = np.bincount(top * 6 + left, minlength=30)
    assert len(counts) == 30
    assert chisquare(counts).pvalue > 1e-3


def test_natural_looking_images_do_not_share_a_place() -> None:
    y, x = np.mgrid[:8, :9]
    flat = np.stack([np.broadcast_to(((x + y) * 5 + shade)[..., None], (8, 9, 3)) for shade in range(100)])
    top, left = RandomPatch(canvas=(8, 9), blend="add", size=4).places(flat.astype(np.uint8))
    assert len(set(zip(top.tolist(), left.tolist(), strict=True))) > 15


def test_the_seed_decides() -> None:
    images = noise(100)
    places = [np.stack(RandomPatch(canvas=(8, 9), blend="add", size=4, seed=s).places(images)) for s in (0, 0, 1)]
    np.testing.assert_array_equal(places[0], places[1])
    assert (places[0] != places[2]).any(axis=0).mean() > 0.8


def test_places_are_the_same_in_torch() -> None:
    torch = pytest.importorskip("torch")
    template, images = RandomPatch(canvas=(8, 9), blend="add", size=4), noise(20)
    for tensor in (torch.tensor(images), torch.tensor(images).float(), torch.tensor(images).double()):
        for ours, theirs in zip(template.places(images), template.places(tensor), strict=True):
            np.testing.assert_array_equal(ours, theirs.numpy())


def test_places_never_move_between_versions() -> None:
    """These were written down once; a deployed PNG depends on them."""
    images = np.arange(4 * 8 * 9 * 3, dtype=np.uint64).reshape(4, 8, 9, 3) ** 2 % 251
    template = make_template("random-patch", canvas=(8, 9), blend="add", size=4, seed=7)
    assert isinstance(template, RandomPatch)
    top, left = template.places(images.astype(np.uint8))
    assert list(zip(top.tolist(), left.tolist(), strict=True)) == [(4, 2), (4, 1), (3, 5), (1, 1)]
