"""As https://github.com/replicate/cog/blob/main/docs/python.md has it."""

import os

import numpy as np
from cog import BasePredictor, Input, Path
from network import LABELS, Network
from PIL import Image


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.network = Network(os.environ["NETWORK"])

    def predict(self, image: Path = Input(description="a handwritten digit")) -> dict:  # noqa: B008
        pixels = np.asarray(Image.open(image).convert("RGB"))
        return dict(zip(LABELS, self.network(pixels[None])[0].tolist(), strict=True))
