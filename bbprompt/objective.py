"""What a prompt is trained on: the loss of prompted training images, through an oracle and a label map."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.labelmaps import CrossFit
from bbprompt.losses import Loss
from bbprompt.oracle import Oracle, Scores
from bbprompt.prompt import PixelPrompt


@dataclass(frozen=True, slots=True)
class Objective:
    """The training loss as a function of theta, one candidate's images at a time.

    Attributes:
        oracle: the frozen classifier.
        prompt: template and parametrisation.
        images: uint8, shape (n, h, w, 3): training images as the template prepared them.
        targets: int64, shape (n,): class numbers.
        loss: of class scores against targets.
    """

    oracle: Oracle
    prompt: PixelPrompt
    images: UInt8
    targets: Int
    loss: Loss

    def of(self, rows: Int) -> Objective:
        """The same on images ``rows``, shape (m,), alone."""
        return replace(self, images=self.images[rows], targets=self.targets[rows])

    def through(self, oracle: Oracle) -> Objective:
        """The same through another oracle, as one that may spend more."""
        return replace(self, oracle=oracle)

    def score(self, theta: Float, rows: Int) -> Scores:
        """Score images ``rows``, shape (m,), under one prompt, (d,), as a service will see them: for maps."""
        return self.oracle.query(self.prompt.apply(self.images[rows], theta))

    def query(self, thetas: Float, rows: Int) -> Scores:
        """Score candidate i, ``thetas[i]``, on images ``rows[i]``: (m, d) and (m, b) to scores of m * b images.

        Where the loss asks for jitter, an image is perturbed in the same way for all candidates of a call.
        """
        prompted = [self.prompt.apply(self.images[r], theta) for theta, r in zip(thetas, rows, strict=True)]
        images = np.concatenate(prompted)
        if self.loss.jitter_levels:
            images = jitter(images, rows.ravel(), levels=self.loss.jitter_levels, seed=zlib.crc32(thetas.tobytes()))
        return self.oracle.query(images)

    def losses(self, scores: Scores, rows: Int, maps: CrossFit) -> Float:
        """Mean loss of each candidate, shape (m,), from what ``query`` returned for the same rows."""
        losses = self.loss(maps(scores.log(), rows.ravel()), self.targets[rows.ravel()])
        means: Float = np.asarray(losses, dtype=np.float64).reshape(rows.shape).mean(axis=1)
        return means


def jitter(images: UInt8, rows: Int, *, levels: int, seed: int) -> UInt8:
    """Add uniform noise of up to ``levels`` to uint8 images (n, h, w, 3), the same to images of one row."""
    distinct, inverse = np.unique(rows, return_inverse=True)
    rng = np.random.default_rng(seed)
    noise = rng.integers(-levels, levels, size=(len(distinct), *images.shape[1:]), dtype=np.int16, endpoint=True)
    noisy: UInt8 = np.clip(images + noise[inverse], 0, 255).astype(np.uint8)
    return noisy
