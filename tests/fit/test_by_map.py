"""Spending on the map alone: more answers make a starved map better, validation decides, and the count is exact."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.fit import Place, Selection
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.by_map import learn_map, starves
from bbprompt.fit.variations import vary
from bbprompt.labelmaps import CrossFit, cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.objective import Objective
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template

SIDE, LABELS = 16, 60
SPEC = OracleSpec("places", (SIDE, SIDE), tuple(f"l{i}" for i in range(LABELS)), Answer.LOGITS, max_batch=64)


class Places:
    """Logits are random features of the image: many more than the training images can pin down."""

    spec = SPEC

    def __init__(self) -> None:
        self.asked = 0
        self.weights = np.random.default_rng(1).normal(size=(SIDE * SIDE * 3, LABELS)) / 10

    def query(self, images: UInt8) -> Scores:
        self.asked += len(images)
        return Scores(
            np.tanh(images.reshape(len(images), -1) / 255 @ self.weights).astype(np.float32), Answer.LOGITS
        )


def moved(rng: np.random.Generator, n: int) -> tuple[UInt8, np.ndarray]:
    """Two textures, each image moved, turned and scaled a little, under noise."""
    targets = np.arange(n) % 2
    coarse = np.random.default_rng(5).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    textures = coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    noise = rng.normal(0, 80, (n, SIDE, SIDE, 3))
    return np.clip(vary(textures[targets], rng) + noise, 0, 255).astype(np.uint8), targets


def fit_map(scores: Scores, targets: np.ndarray) -> CrossFit:
    return cross_fit_label_map(
        "linear", scores, targets, spec=SPEC, classes=("a", "b"), rng=np.random.default_rng(1)
    )


def learn(queries: int) -> tuple[Places, Selection, int]:
    oracle, rng = Places(), np.random.default_rng(0)
    (images, targets), (held_out, held_targets) = moved(rng, 8), moved(rng, 200)
    template = make_template("full-image", canvas=(SIDE, SIDE), blend="add")
    prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
    objective = Objective(oracle, prompt, images, targets, LOSSES["cross-entropy"])
    selection = Selection(oracle, Place(prompt, held_out), held_targets)
    start, theta = oracle.query(images), np.zeros(prompt.size)
    maps = fit_map(start, targets)
    selection.look(theta, maps, step=0, queries=0, loss=None)
    oracle.asked = 0
    begun = Beginning(objective, theta, maps, selection.own, asked=200)
    asked = learn_map(begun, selection, fit_map=fit_map, queries=queries, rng=rng)
    return oracle, selection, asked


def test_more_answers_make_a_starved_map_better() -> None:
    _, selection, _ = learn(4000)
    assert selection.accuracy > selection.history[0].accuracy.accuracy + 0.05


def test_it_asks_what_it_says_and_never_more_than_the_budget() -> None:
    for queries in (200, 423, 424, 900, 4000):
        oracle, selection, asked = learn(queries)
        assert 200 + oracle.asked == asked == selection.history[-1].queries <= queries
        assert (oracle.asked > 0) == (queries >= 424)


def test_a_map_starves_on_more_labels_than_images() -> None:
    assert starves(Scores(np.zeros((8, 60), dtype=np.float32), Answer.LOGITS))
    assert not starves(Scores(np.zeros((160, 10), dtype=np.float32), Answer.LOGITS))


def test_each_variation_differs_and_a_plain_image_stays_plain() -> None:
    images, _ = moved(np.random.default_rng(0), 3)
    first, second = (vary(images, np.random.default_rng(seed)) for seed in (1, 2))
    assert first.shape == images.shape
    assert first.dtype == np.uint8
    assert all((a != b).any() for a, b in zip(first, second, strict=True))
    plain = np.full((2, 9, 14, 3), 77, dtype=np.uint8)
    np.testing.assert_array_equal(vary(plain, np.random.default_rng(0)), plain)


def test_a_variation_moves_what_it_shows_but_little() -> None:
    places = np.arange(64, dtype=np.uint8)[None, :, None, None] * np.ones((50, 1, 64, 3), dtype=np.uint8)
    shifted = vary(places, np.random.default_rng(0))[:, 32, 32, 0].astype(float) - 32
    assert 1 < shifted.std() < 3
    assert np.abs(shifted).max() <= 0.06 * 64 + 1.5
    assert abs(shifted.mean()) < 1
