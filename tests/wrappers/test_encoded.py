"""An oracle behind a JPEG: it gets the decoded bytes, under a name of its own, and gradients pass."""

from __future__ import annotations

import io
import tomllib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bbprompt.config import dump_config, parse_config
from bbprompt.errors import ConfigError
from bbprompt.task import open_task
from bbprompt.wrappers import encoded
from tests.run.conftest import Digits, document, opens


def decoded(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def test_the_oracle_gets_what_the_jpeg_leaves() -> None:
    oracle = Digits()
    images = np.random.default_rng(0).integers(0, 256, (3, *oracle.spec.input_size, 3), dtype=np.uint8)
    expected = oracle.query(np.stack([decoded(image, 60) for image in images])).values
    behind = encoded(oracle, "jpeg:60")
    np.testing.assert_array_equal(behind.query(images).values, expected)
    assert not np.array_equal(oracle.query(images).values, expected)
    assert behind.spec.name == f"{oracle.spec.name}+jpeg:60"


@pytest.mark.parametrize("encoding", ["jpeg", "jpeg:0", "jpeg:101", "webp:80", "jpeg:85.5", "JPEG:85"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(ConfigError, match=r'must be "jpeg:1" to "jpeg:100"'):
        encoded(Digits(), encoding)


def test_a_run_file_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opens(Digits(), monkeypatch)
    asked: dict[str, Any] = document()
    asked["oracle"]["encoding"] = "jpeg:85"
    config = parse_config(asked)
    assert parse_config(tomllib.loads(dump_config(config))) == config
    assert open_task(config).spec.name.endswith("+jpeg:85")


def test_gradients_pass_and_values_are_the_jpeg_s() -> None:
    torch = pytest.importorskip("torch")
    from tests.fit.test_by_gradient import torch_twin

    twin = torch_twin()
    h, w = twin.spec.input_size
    pixels = np.random.default_rng(0).integers(0, 256, (2, h, w, 3), dtype=np.uint8)
    images = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255).requires_grad_()
    behind: Any = encoded(twin, "jpeg:50")
    logits = behind.logits(images)
    logits[0, 0].backward()
    lossy = torch.tensor(np.stack([decoded(image, 50) for image in pixels])).permute(0, 3, 1, 2) / 255
    lossy.requires_grad_()
    expected = twin.logits(lossy)
    expected[0, 0].backward()
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(images.grad, lossy.grad)
    assert behind.device == twin.device
