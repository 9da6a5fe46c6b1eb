"""ONNX Runtime: the answers are those of the network that was exported, whatever the layout, type or batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: make test-models")
onnx = pytest.importorskip("onnx", reason="onnx is not installed: make test-models")

from onnx import TensorProto, helper

from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer
from bbprompt.testing.oracles import check_oracle
from bbprompt_adapters.onnx_ import open_oracle

K, SIDE = 4, 6
WEIGHT = np.random.default_rng(0).normal(size=(3, K)).astype(np.float32)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)


def write(
    path: Path, *, batch: int | str = "n", side: int | str = SIDE, layout: str = "nchw", kind: str = "FLOAT"
) -> str:
    """A network that averages each channel and multiplies by WEIGHT."""
    shape = [batch, 3, side, side] if layout == "nchw" else [batch, side, side, 3]
    axes = [2, 3] if layout == "nchw" else [1, 2]
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weight"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("images", getattr(TensorProto, kind), shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, K])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], axes),
            helper.make_tensor("weight", TensorProto.FLOAT, WEIGHT.shape, WEIGHT.ravel()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path / "toy.onnx")
    return str(path / "toy.onnx")


def images(n: int = 5) -> Any:
    return np.random.default_rng(1).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_answers_are_the_networks(tmp_path: Path, layout: str, batch: int | str) -> None:
    oracle = open_oracle(
        {"model": write(tmp_path, layout=layout, batch=batch), "layout": layout, "mean": MEAN, "std": STD}
    )
    check_oracle(oracle, tolerance=1e-4)
    expected = ((images() / 255 - MEAN) / STD).mean(axis=(1, 2)) @ WEIGHT
    np.testing.assert_allclose(oracle.query(images()).values, expected, atol=1e-4)
    assert oracle.spec.labels == ("label 0", "label 1", "label 2", "label 3")


def test_bytes_go_in_as_they_are(tmp_path: Path) -> None:
    oracle = open_oracle({"model": write(tmp_path, kind="UINT8")})
    np.testing.assert_allclose(oracle.query(images()).values, images().mean(axis=(1, 2)) @ WEIGHT, rtol=1e-4)


def test_labels_by_name_or_file(tmp_path: Path) -> None:
    model = write(tmp_path)
    (tmp_path / "names.txt").write_text("a\nb\nc\nd\n")
    assert open_oracle({"model": model, "labels": str(tmp_path / "names.txt")}).spec.labels == tuple("abcd")
    assert (
        open_oracle({"model": model, "labels": list("wxyz"), "answer": "similarity"}).spec.answer
        is Answer.SIMILARITY
    )
    with pytest.raises(ConfigError, match="answers 4 scores, got 2"):
        open_oracle({"model": model, "labels": ["a", "b"]})


def test_the_name_tells_models_and_settings_apart(tmp_path: Path) -> None:
    model = write(tmp_path)
    names = {
        open_oracle({"model": model, **more}).spec.name for more in ({}, {"mean": MEAN}, {"labels": list("abcd")})
    }
    assert len(names) == 3


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*nowhere\.onnx"):
        open_oracle({"model": str(tmp_path / "nowhere.onnx")})
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(ConfigError, match="no ONNX model"):
        open_oracle({"model": str(tmp_path / "junk.onnx")})
    model = write(tmp_path, side="s")
    with pytest.raises(ConfigError, match=r"leaves height and width open; set .* input_size"):
        open_oracle({"model": model})
    assert open_oracle({"model": model, "input_size": [5, 7]}).spec.input_size == (5, 7)
    with pytest.raises(ConfigError, match=r"takes \(6, 6\) pixels, got \[oracle\] input_size"):
        open_oracle({"model": write(tmp_path), "input_size": [5, 7]})
    with pytest.raises(ConfigError, match="layout 'nhwc' makes 6 channels"):
        open_oracle({"model": write(tmp_path), "layout": "nhwc"})
    with pytest.raises(ConfigError, match=r"has the outputs .*scores.* got 'probabilities'"):
        open_oracle({"model": write(tmp_path), "output": "probabilities"})
    with pytest.raises(ConfigError, match="no 'NoSuchProvider' here"):
        open_oracle({"model": write(tmp_path), "providers": ["NoSuchProvider"]})


@pytest.mark.filterwarnings("ignore")  # of the exporter, which is not ours
def test_lite0_exported_answers_as_itself(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript", reason="torch exports through onnxscript")
    from bbprompt_adapters import efficientnet_lite0

    module = efficientnet_lite0.load_module(64)
    blank = torch.zeros(1, 3, 64, 64)
    torch.onnx.export(module, (blank,), str(tmp_path / "lite0.onnx"), dynamo=False)
    oracle = open_oracle({"model": str(tmp_path / "lite0.onnx"), "mean": [0.498] * 3, "std": [0.502] * 3})
    levels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    theirs = efficientnet_lite0.open_oracle({"input_size": 64, "device": "cpu"}).query(levels).values
    np.testing.assert_allclose(oracle.query(levels).values, theirs, atol=2e-3)
