"""As https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/custom-predictor has it."""

import os

import numpy as np
from kserve import Model, ModelServer
from network import Network


class Digits(Model):
    def __init__(self) -> None:
        super().__init__("digits")
        self.network = Network(os.environ["NETWORK"])
        self.ready = True

    def predict(self, payload: dict, headers: dict | None = None) -> dict:
        images = np.asarray(payload["instances"], dtype=np.float32) * 255
        return {"predictions": self.network(images).tolist()}


if __name__ == "__main__":
    ModelServer(http_port=int(os.environ["PORT"]), enable_grpc=False).start([Digits()])
