"""CLIP by name: the zero-shot logits are CLIP's own, texts are embedded once, local checkpoints load, hubs may fail."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("open_clip", reason="open_clip is not installed: make test-models")

import open_clip
import torch

from bbprompt.config import parse_config
from bbprompt.errors import ConfigError
from bbprompt.registry import open_oracle
from bbprompt.run import fit_run
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters import open_clip_
from bbprompt_adapters.torch_module import TorchOracle

CLASSES = ("Cat", "traffic_light", "sea")
SMALL = "ViT-tiny-for-tests"
CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    (folder / f"{SMALL}.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(folder / f"{SMALL}.json")
    torch.manual_seed(0)
    model = open_clip.create_model(SMALL)
    path = folder / "clip.pt"
    torch.save(model.state_dict(), path)
    return path


def opened(checkpoint: Path, **options: object) -> TorchOracle:
    return open_clip_.open_oracle(
        {"architecture": SMALL, "weights": str(checkpoint), "classes": list(CLASSES), "device": "cpu", **options}
    )


def clip_itself(checkpoint: Path, images: torch.Tensor, prompts: list[list[str]]) -> torch.Tensor:
    """logits_per_image, as open_clip's own forward pass gives it, of unit mean texts."""
    model = open_clip.create_model(SMALL, pretrained=str(checkpoint)).eval()
    tokenize = open_clip.get_tokenizer(SMALL)
    mean, std = (
        torch.tensor(values).view(1, 3, 1, 1) for values in (model.visual.image_mean, model.visual.image_std)
    )
    with torch.no_grad():
        texts = torch.stack([model.encode_text(tokenize(each), normalize=True).mean(dim=0) for each in prompts])
        texts = texts / texts.norm(dim=1, keepdim=True)
        image = model.encode_image((images - mean) / std, normalize=True)
        return model.logit_scale.exp() * image @ texts.T


def test_logits_are_clips_own(checkpoint: Path) -> None:
    oracle = opened(checkpoint)
    images = torch.rand(2, 3, *oracle.spec.input_size, generator=torch.Generator().manual_seed(0))
    words = ["cat", "traffic light", "sea"]
    expected = clip_itself(checkpoint, images, [[f"This is a photo of a {word}"] for word in words])
    torch.testing.assert_close(oracle.logits(images), expected, rtol=1e-4, atol=1e-4)
    assert oracle.spec.labels == CLASSES


def test_several_texts_are_averaged_as_unit_vectors(checkpoint: Path) -> None:
    texts = ["a photo of a {}.", "a drawing of a {}.", "{}"]
    oracle = opened(checkpoint, text=texts)
    images = torch.rand(1, 3, *oracle.spec.input_size, generator=torch.Generator().manual_seed(1))
    prompts = [[text.format(word) for text in texts] for word in ("cat", "traffic light", "sea")]
    torch.testing.assert_close(
        oracle.logits(images), clip_itself(checkpoint, images, prompts), rtol=1e-4, atol=1e-4
    )


def test_conforms_and_keeps_no_text_tower(checkpoint: Path) -> None:
    oracle = opened(checkpoint)
    check_oracle(oracle, tolerance=1e-4)
    images = torch.rand(1, 3, *oracle.spec.input_size, requires_grad=True)
    oracle.logits(images).sum().backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert bool(images.grad.any())
    module = oracle._module
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in module.parameters())
    assert {name.split(".")[0] for name, _ in module.named_parameters()} == {"tower", "head"}
    assert not any("token_embedding" in name for name, _ in module.named_parameters())


def test_a_whole_run_embeds_each_class_once(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embedded: list[int] = []
    encode = open_clip.CLIP.encode_text
    monkeypatch.setattr(
        open_clip.CLIP,
        "encode_text",
        lambda self, text, **kw: embedded.append(len(text)) or encode(self, text, **kw),
    )
    oracle = {"adapter": "open-clip", "architecture": SMALL, "weights": str(checkpoint), "classes": "digits"}
    document = {
        "oracle": oracle,
        "data": {"source": "digits", "shots": 2, "validation": 10, "test": 10},
        "labels": {"map": "identity"},
        "fit": {"method": "gradient", "epochs": 3, "looks": 3},
    }
    fit_run(parse_config(document), tmp_path / "run")
    assert embedded == [1] * 10


def test_a_differentiable_oracle_of_its_normalisation(checkpoint: Path) -> None:
    check_differentiable_oracle(opened(checkpoint), tolerance=1e-2)


def test_classes_may_be_those_of_a_data_source(checkpoint: Path) -> None:
    assert opened(checkpoint, classes="digits").spec.labels == tuple("0123456789")


def test_opens_by_its_entry_point(checkpoint: Path) -> None:
    options = {"architecture": SMALL, "weights": str(checkpoint), "classes": list(CLASSES), "device": "cpu"}
    scores = open_oracle("open-clip", options).query(np.zeros((1, 32, 32, 3), dtype=np.uint8))
    assert scores.values.shape == (1, 3)


RN50 = {"architecture": "RN50"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {**RN50, "weights": "openai"},
            r"the weights of RN50 \(openai\) cannot be fetched from here .* the path of the file",
        ),
        ({**RN50, "weights": "opanai"}, "unknown weights of RN50 'opanai'; did you mean 'openai'"),
        ({"architecture": "ViT-B-33"}, "unknown open_clip architecture 'ViT-B-33'; did you mean 'ViT-B-32"),
        ({"weights": "nowhere.pt"}, "no file nowhere.pt"),
        ({"classes": ["a", "a"]}, "at least two distinct names"),
        ({"text": "a photo"}, "expected one '{}' for the class's name, got 'a photo'"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(checkpoint: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as found:
        opened(checkpoint, **options)
    assert "\n" not in str(found.value)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(ConfigError, match=r"other\.pt holds no weights of ViT-tiny-for-tests"):
        opened(tmp_path / "other.pt")
