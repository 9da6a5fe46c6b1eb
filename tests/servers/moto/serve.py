"""moto, https://docs.getmoto.org/en/latest/docs/server_mode.html, whose Rekognition looks at the image.

moto itself answers the same labels to everything. The gate before it is moto's own: it checks signatures, version 4.
"""

import base64
import io
import json
import os

import numpy as np
from moto.rekognition.responses import RekognitionResponse
from moto.server import main
from network import LABELS, Network, shrunk
from PIL import Image

network = Network(os.environ["NETWORK"])


def detect_labels(response: RekognitionResponse) -> str:
    request = json.loads(response.body)
    image = Image.open(io.BytesIO(base64.b64decode(request["Image"]["Bytes"]))).convert("RGB")
    scores = network(np.asarray(shrunk(image))[None])[0] * 100
    labels = [{"Name": name, "Confidence": score} for name, score in zip(LABELS, scores.tolist(), strict=True)]
    listed = [label for label in labels if label["Confidence"] >= request["MinConfidence"]]
    return json.dumps({"Labels": listed, "LabelModelVersion": "3.0"})


RekognitionResponse.detect_labels = detect_labels
main(["-H", "127.0.0.1", "-p", os.environ["PORT"]])
