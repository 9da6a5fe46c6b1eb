"""As https://docs.seldon.ai/mlserver/user-guide/custom has it."""

import os

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from network import Network


class Digits(MLModel):
    async def load(self) -> bool:
        self.network = Network(os.environ["NETWORK"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        images = NumpyCodec.decode_input(payload.inputs[0])
        scores = NumpyCodec.encode_output("scores", self.network(images))
        return InferenceResponse(id=payload.id, model_name=self.name, outputs=[scores])
