"""As https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/custom-predictor has it."""

import os

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid
from network import LABELS, SIZE, Network


class Digits(Model):
    def __init__(self) -> None:
        super().__init__("digits")
        self.network = Network(os.environ["NETWORK"])
        self.ready = True

    def get_input_types(self) -> list[dict]:
        return [{"name": "image", "datatype": "UINT8", "shape": [-1, SIZE, SIZE, 3]}]

    def get_output_types(self) -> list[dict]:
        return [{"name": "scores", "datatype": "FP32", "shape": [-1, len(LABELS)]}]

    def predict(self, payload: dict | InferRequest, headers: dict | None = None) -> dict | InferResponse:
        if isinstance(payload, dict):  # of protocol V1
            images = np.asarray(payload["instances"], dtype=np.float32) * 255
            return {"predictions": self.network(images).tolist()}
        scores = self.network(payload.inputs[0].as_numpy())
        output = InferOutput("scores", list(scores.shape), "FP32", scores.ravel().tolist())
        return InferResponse(generate_uuid(), self.name, [output])


if __name__ == "__main__":
    ModelServer(http_port=int(os.environ["PORT"]), enable_grpc=False).start([Digits()])
