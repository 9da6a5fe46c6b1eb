"""CIFAR-10 ResNets: the layers of the file, folded without changing what they compute, and files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bbprompt.errors import ConfigError
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters.cifar_resnet import MEAN, STD, CifarResNet, open_oracle


def random_network(blocks: int) -> CifarResNet:
    torch.manual_seed(0)
    module = CifarResNet(blocks)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-1, 1)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return module.eval()


def save(module: torch.nn.Module, path: Path) -> Path:
    torch.save({"state_dict": {f"module.{key}": value for key, value in module.state_dict().items()}}, path)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(random_network(1), tmp_path_factory.mktemp("weights") / "resnet8.th")


@pytest.mark.parametrize("answer", ["logits", "probabilities"])
def test_conforms_whatever_the_company(weights: Path, answer: str) -> None:
    oracle = open_oracle({"weights": str(weights), "answer": answer, "device": "cpu"})
    check_oracle(oracle, tolerance=0)
    check_differentiable_oracle(oracle)


@pytest.mark.parametrize(("blocks", "name"), [(1, "cifar-resnet8@"), (3, "cifar-resnet20@")])
def test_the_file_says_how_many_layers(tmp_path: Path, blocks: int, name: str) -> None:
    module = random_network(blocks)
    oracle = open_oracle({"weights": str(save(module, tmp_path / "weights.th")), "device": "cpu"})
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    with torch.no_grad():
        torch.testing.assert_close(oracle.logits(images), module((images - mean) / std), rtol=1e-4, atol=1e-4)
    assert oracle.spec.name.startswith(name)


def test_knows_cifar(shared_data: Path) -> None:
    oracle = open_oracle(
        {"weights": str(shared_data / "cifar10-resnets" / "resnet20-12fca82f.th"), "device": "cpu"}
    )
    with np.load(shared_data / "cifar10" / "cifar10_lossless4000.npz") as arrays:
        images, targets = arrays["x"][:500], arrays["y"][:500]
    assert (oracle.query(images).values.argmax(axis=1) == targets).mean() > 0.9


def test_refuses_files_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.th").write_text("not a checkpoint")
    torch.save({"weights": 1}, tmp_path / "other.th")
    save(torch.nn.Linear(2, 2), tmp_path / "linear.th")
    for name, message in {
        "missing.th": "cannot read .*No such file",
        "text.th": "is no checkpoint of plain weights",
        "other.th": "holds no weights by name",
        "linear.th": "holds no CIFAR-10 ResNet",
    }.items():
        with pytest.raises(ConfigError, match=message) as caught:
            open_oracle({"weights": str(tmp_path / name)})
        assert "\n" not in str(caught.value)


def test_refuses_options_in_one_line() -> None:
    with pytest.raises(ConfigError, match=r"\[oracle\] lacks the key 'weights'"):
        open_oracle({})
    with pytest.raises(ConfigError, match="did you mean 'weights'"):
        open_oracle({"weight": "resnet20.th"})
