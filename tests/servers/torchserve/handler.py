"""As https://pytorch.org/serve/custom_service.html has it."""

import io
from pathlib import Path

import numpy as np
from network import LABELS, Network
from PIL import Image
from ts.context import Context


class Digits:
    def initialize(self, context: Context) -> None:
        self.network = Network(Path(context.system_properties["model_dir"]) / "network.npz")

    def handle(self, data: list[dict], context: Context) -> list[dict[str, float]]:
        images = [Image.open(io.BytesIO(row.get("data") or row.get("body"))).convert("RGB") for row in data]
        scores = self.network(np.stack([np.asarray(image) for image in images]))
        return [dict(zip(LABELS, row, strict=True)) for row in scores.tolist()]
