"""ConSE: its equations by hand, an oracle like any other, and its zero-shot accuracy on real images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from bbprompt.errors import ConfigError
from bbprompt.templates.resize import fit
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters.conse import open_oracle

CLASSES = ("cat", "dog", "ship")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("text") / "embeddings.npz"
    names, texts = (rng.normal(size=(n, 16)).astype(np.float16) for n in (1000, len(CLASSES)))
    np.savez(path, imagenet1k=names, pets=texts)
    return {"embeddings": str(path), "texts": "pets", "classes": CLASSES, "input_size": 64, "device": "cpu"}


def test_conforms(options: Mapping[str, object]) -> None:
    oracle = open_oracle(options)
    check_oracle(oracle, tolerance=0)
    check_differentiable_oracle(oracle)


def test_differentiable_and_queried_answers_are_the_same(options: Mapping[str, object]) -> None:
    oracle = open_oracle(options)
    images = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    passed = oracle.logits(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)
    np.testing.assert_allclose(passed.numpy(), oracle.query(images).values, atol=1e-3)


def test_is_the_equation(options: Mapping[str, object]) -> None:
    oracle = open_oracle(options)
    images = np.random.default_rng(2).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    logits = oracle.classifier.query(images).values[0].astype(np.float64)
    p = np.exp(logits - logits.max())
    top = np.argsort(p)[-10:]
    with np.load(str(options["embeddings"])) as arrays:
        names, texts = arrays["imagenet1k"].astype(np.float64), arrays["pets"].astype(np.float64)
    meaning = p[top] @ names[top] / p[top].sum() - names.mean(axis=0)
    cosines = texts @ meaning / np.linalg.norm(texts, axis=1) / np.linalg.norm(meaning)
    np.testing.assert_allclose(oracle.query(images).values[0], 100 * cosines, rtol=1e-3)


def test_reads_real_images_with_no_training(shared_data: Path) -> None:
    names = json.loads((shared_data / "conse-text" / "class_names.json").read_text("utf-8"))["cifar10"]
    text = shared_data / "conse-text" / "minilm_l6_v2_text.npz"
    oracle = open_oracle({"embeddings": str(text), "texts": "text_cifar10", "classes": names, "device": "cpu"})
    with np.load(shared_data / "cifar10" / "cifar10_lossless4000.npz") as arrays:
        images, targets = fit(arrays["x"][:100], (224, 224)), arrays["y"][:100]
    assert 0.38 < (oracle.query(images).values.argmax(axis=1) == targets).mean() < 0.66


def test_refuses_files_in_one_line(options: Mapping[str, object], tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("not an archive")
    refused: list[tuple[dict[str, object], str]] = [
        ({"embeddings": str(tmp_path / "missing.npz")}, "cannot read .*No such file"),
        ({"embeddings": str(tmp_path / "text.npz")}, "is no npz file of plain arrays"),
        ({"texts": "birds"}, "holds no array 'birds'"),
        ({"classes": ("cat", "dog")}, r"expected \(1000, e\) and \(2, e\)"),
    ]
    for changed, message in refused:
        with pytest.raises(ConfigError, match=message) as caught:
            open_oracle({**options, **changed})
        assert "\n" not in str(caught.value)
