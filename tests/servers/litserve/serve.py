"""As https://lightning.ai/docs/litserve/home/get-started has it."""

import base64
import io
import os

import litserve
import numpy as np
from network import Network
from PIL import Image


class Digits(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.network = Network(os.environ["NETWORK"])

    def decode_request(self, request: dict) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(request["photo"]))).convert("RGB"))

    def predict(self, pixels: np.ndarray) -> np.ndarray:
        return self.network(pixels[None])[0]

    def encode_response(self, output: np.ndarray) -> dict:
        return {"digits": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False)
