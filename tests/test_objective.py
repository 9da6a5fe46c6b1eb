"""The objective: images under each candidate's prompt, and the jitter that smooths what labels alone say."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.labelmaps import cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.objective import Objective, jitter
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template

SPEC = OracleSpec("bright or dark", (4, 4), ("dark", "bright"), Answer.LABEL)
EDGE = 100
"""The least grey level that is bright."""


class BrightOrDark:
    """Reads one pixel, and says a label and nothing else."""

    spec = SPEC

    def __init__(self) -> None:
        self.seen: list[UInt8] = []

    def query(self, images: UInt8) -> Scores:
        self.seen.append(images)
        bright = images[:, 0, 0, 0] >= EDGE
        return Scores(np.eye(2, dtype=np.float32)[bright.astype(int)], Answer.LABEL)


def objective(loss: str, *, level: int, images: int = 400) -> tuple[Objective, BrightOrDark]:
    """Images of one grey level, all of which ought to be bright."""
    template = make_template("full-image", canvas=(4, 4), blend="add")
    prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
    grey = np.full((images, 4, 4, 3), level, dtype=np.uint8)
    oracle = BrightOrDark()
    return Objective(oracle, prompt, grey, np.ones(images, dtype=np.int64), LOSSES[loss]), oracle


def losses(found: Objective, *levels: float) -> np.ndarray:
    thetas = np.array(levels)[:, None] / 255 * np.ones(48)
    rows = np.broadcast_to(np.arange(len(found.targets)), (len(levels), len(found.targets)))
    scores = found.query(thetas, rows)
    both = Scores(np.eye(2, dtype=np.float32), Answer.LABEL)
    maps = cross_fit_label_map(
        "identity", both, np.arange(2), spec=SPEC, classes=SPEC.labels, rng=np.random.default_rng(0)
    )
    return found.losses(scores, rows, maps)


def test_labels_alone_say_nothing_of_a_small_step_and_their_agreement_does() -> None:
    flat, _ = objective("zero-one", level=EDGE - 4)
    np.testing.assert_array_equal(losses(flat, -2, 0, 2), [1, 1, 1])
    smooth, _ = objective("agreement", level=EDGE - 4)
    dark = np.array([14, 12, 10])  # of 17 levels of noise: all under 6, 4 and 2
    np.testing.assert_allclose(losses(smooth, -2, 0, 2), dark / 17, atol=0.06)


def test_an_image_gets_the_same_noise_under_every_candidate_of_a_call_and_other_noise_in_the_next() -> None:
    found, oracle = objective("agreement", level=EDGE, images=30)
    losses(found, 0, 3)
    first = oracle.seen[-1].astype(int)
    np.testing.assert_array_equal(first[30:] - first[:30], 3)
    assert len(np.unique(first[:30].reshape(30, -1), axis=0)) == 30
    losses(found, 0, 3)
    np.testing.assert_array_equal(oracle.seen[-1], first)
    losses(found, 0, 2)
    assert (oracle.seen[-1][:30] != first[:30]).any()


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if not loss.jitter_levels])
def test_other_losses_leave_images_alone(loss: str) -> None:
    found, oracle = objective(loss, level=EDGE)
    losses(found, 0)
    assert (oracle.seen[-1] == EDGE).all()


def test_noise_is_uniform_and_stays_within_bounds() -> None:
    grey = np.full((3000, 1, 1, 3), 128, dtype=np.uint8)
    noise = jitter(grey, np.arange(3000), levels=8, seed=0).astype(int) - 128
    assert (noise.min(), noise.max()) == (-8, 8)
    np.testing.assert_allclose(np.bincount(noise.ravel() + 8) / noise.size, 1 / 17, atol=0.01)
    dark = jitter(np.zeros((10, 2, 2, 3), dtype=np.uint8), np.arange(10), levels=8, seed=0)
    assert dark.max() <= 8


def test_what_a_map_is_fitted_to_is_an_image_without_noise() -> None:
    found, oracle = objective("agreement", level=EDGE, images=30)
    scores = found.score(np.full(48, 3 / 255), np.array([4, 2]))
    np.testing.assert_array_equal(oracle.seen[-1], np.full((2, 4, 4, 3), EDGE + 3))
    assert scores.values.tolist() == [[0, 1], [0, 1]]
