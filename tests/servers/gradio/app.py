"""As https://www.gradio.app/guides/image-classification-in-pytorch has it."""

import os

import gradio as gr
import numpy as np
from network import LABELS, Network

network = Network(os.environ["NETWORK"])


def predict(image: np.ndarray) -> dict[str, float]:
    return dict(zip(LABELS, network(image[None])[0].tolist(), strict=True))


app = gr.Interface(fn=predict, inputs=gr.Image(), outputs=gr.Label(num_top_classes=len(LABELS)))
app.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
