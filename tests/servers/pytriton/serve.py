"""As https://triton-inference-server.github.io/pytriton/ has it."""

import os
import sysconfig

import numpy as np
from network import LABELS, SIZE, Network
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

# Its Python backend loads libpython by name: this Python's, as its installation guide asks for.
os.environ["LD_LIBRARY_PATH"] = sysconfig.get_config_var("LIBDIR")
network = Network(os.environ["NETWORK"])


@batch
def read(image: np.ndarray) -> dict[str, np.ndarray]:
    return {"scores": network(image)}


config = TritonConfig(
    http_address="127.0.0.1",
    http_port=int(os.environ["PORT"]),
    grpc_address="127.0.0.1",
    grpc_port=int(os.environ["PORT_2"]),
    metrics_port=int(os.environ["PORT_3"]),
)
with Triton(config=config, workspace="workspace") as triton:
    triton.bind(
        model_name="digits",
        infer_func=read,
        inputs=[Tensor(name="image", dtype=np.uint8, shape=(SIZE, SIZE, 3))],
        outputs=[Tensor(name="scores", dtype=np.float32, shape=(len(LABELS),))],
        config=ModelConfig(max_batch_size=8),
    )
    triton.serve()
