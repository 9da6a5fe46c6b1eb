"""timm and torchvision by name: the logits are theirs, labels and normalisation come along, hubs may fail."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("timm", reason="timm is not installed: make test-models")
pytest.importorskip("torchvision", reason="torchvision is not installed: make test-models")

import timm
import torch
from torchvision import models

from bbprompt.errors import ConfigError
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters.torch_module import TorchOracle

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ZOOS = {"timm": "resnet18", "torchvision": "resnet18"}


def adapter(zoo: str) -> ModuleType:
    return importlib.import_module(f"bbprompt_adapters.{zoo}_")


def module(zoo: str, name: str = "resnet18", **options: Any) -> torch.nn.Module:
    torch.manual_seed(0)
    made = timm.create_model(name, **options) if zoo == "timm" else models.get_model(name, weights=None, **options)
    return made.eval()  # type: ignore[no-any-return]


def opened(zoo: str, **options: object) -> TorchOracle:
    oracle = adapter(zoo).open_oracle({"architecture": ZOOS[zoo], "device": "cpu", **options})
    assert isinstance(oracle, TorchOracle)
    return oracle


@pytest.fixture(params=ZOOS)
def zoo(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def checkpoint(zoo: str, tmp_path: Path) -> Path:
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in module(zoo).state_dict().items()}}, path)
    return path


def test_logits_are_the_zoos_own(zoo: str, checkpoint: Path) -> None:
    oracle = opened(zoo, weights=str(checkpoint))
    assert oracle.spec.input_size == (224, 224)
    images = torch.rand(2, 3, 224, 224)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    with torch.no_grad():
        expected = module(zoo)((images - mean) / std)
    torch.testing.assert_close(oracle.logits(images), expected, rtol=1e-3, atol=1e-3)


def test_conforms_with_imagenets_names(zoo: str, checkpoint: Path) -> None:
    oracle = opened(zoo, weights=str(checkpoint), input_size=64)
    check_oracle(oracle, tolerance=1e-4)
    check_differentiable_oracle(oracle, tolerance=1e-2)
    assert len(set(oracle.spec.labels)) >= 998
    assert oracle.spec.labels[0].startswith("tench")


def test_labels_of_ones_own(zoo: str, tmp_path: Path) -> None:
    torch.save(module(zoo, num_classes=3).state_dict(), tmp_path / "three.pth")
    asked = {"weights": str(tmp_path / "three.pth"), "classes": 3, "input_size": 64}
    assert opened(zoo, **asked).spec.labels == ("label 0", "label 1", "label 2")
    (tmp_path / "names.txt").write_text("ant\nbee\ncow\n")
    assert opened(zoo, labels=str(tmp_path / "names.txt"), **asked).spec.labels == ("ant", "bee", "cow")
    (tmp_path / "names.json").write_text('["ant"]')
    with pytest.raises(ConfigError, match=r"must hold the 3 label names of the model.* got 1 of them"):
        opened(zoo, labels=str(tmp_path / "names.json"), **asked)


def test_safetensors_load_too(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(module("timm").state_dict(), tmp_path / "weights.safetensors")
    torch.save(module("timm").state_dict(), tmp_path / "weights.pth")
    names = {opened("timm", weights=str(tmp_path / f"weights.{end}")).spec.name for end in ("safetensors", "pth")}
    assert len(names) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "resnet19"}, "architecture 'resnet19'; did you mean"),
        ({"weights": "nowhere.pth"}, "no file nowhere.pth; correct"),
        ({"weights": "FOLDER/junk.pth"}, "junk.pth is no checkpoint of plain weights"),
        ({"weights": "FOLDER/list.pth"}, "list.pth holds no weights by name"),
        ({"weights": "FOLDER/other.pth"}, "other.pth holds the weights of another architecture"),
    ],
)
def test_what_cannot_be_used_is_said(zoo: str, tmp_path: Path, options: dict[str, str], message: str) -> None:
    (tmp_path / "junk.pth").write_bytes(b"junk")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    asked = {key: value.replace("FOLDER", str(tmp_path)) for key, value in options.items()}
    with pytest.raises(ConfigError, match=message):
        opened(zoo, **asked)


def test_a_missing_hub_is_one_line(zoo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"the weights of resnet18.* cannot be fetched from here .* the path"
    ) as found:
        opened(zoo)
    assert "\n" not in str(found.value)


def test_unknown_weights_of_torchvision_are_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'IMAGENET1K_V1'"):
        opened("torchvision", weights="IMAGENET_V1")


def test_the_names_of_the_papers_models_are_known() -> None:
    known = set(timm.list_models(pretrained=True))
    assert {"resnet50.tv_in1k", "resnetv2_50x1_bit.goog_in21k", "resnext101_32x8d.fb_wsl_ig1b_ft_in1k"} <= known
