"""CLIP and its kin by name, through open_clip: any architecture and pretrained tag, or a checkpoint of your own.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision" (arXiv 2103.00020),
section 3.1: class c's weights are the text embedding of its prompt, or the mean of the unit embeddings of several,
and

    logits(x) = s W f(x) / |f(x)|,    W of unit rows, s = exp of the learned log temperature (100 in OpenAI's).

Texts are embedded once, when the oracle is opened; the text tower is then let go, and no step runs it.
"This is a photo of a {}" with ViT-B/32 of OpenAI is the setting of Bahng et al. 2022 (arXiv 2203.17274).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.data import load_source
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer
from bbprompt.registry import needs_extra
from bbprompt_adapters.torch_module import TorchOracle
from bbprompt_adapters.weights import check_known, from_hub, local_file

with needs_extra("open-clip"):
    import open_clip
    import torch
    from torch import nn
    from torch.nn import functional

TEXT = "This is a photo of a {}"
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""OpenAI's, which a tower without its own was trained with."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        classes: names, which become the oracle's labels; or a ``[data] source``, whose names are taken.
        architecture: as ``open_clip.list_models()`` has it; "local-dir:PATH" for a folder with its configuration.
        weights: a tag of ``open_clip.list_pretrained()``, or the path of a checkpoint.
        text: a prompt with "{}" for the name, in lower case and underscores as spaces; or several, averaged.
        answer: what queries answer.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
        amp: bfloat16 where it is safe, on CUDA only.
    """

    classes: str | tuple[str, ...]
    architecture: str = "ViT-B-32"
    weights: str | None = "openai"
    text: str | tuple[str, ...] = TEXT
    answer: Literal["logits", "probabilities"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None
    amp: bool = False


class ZeroShot(nn.Module):
    """An image tower and the texts of its classes.

    Args:
        tower: normalised images (n, 3, h, w) to embeddings (n, e).
        texts: float, shape (c, e), of unit length.
        scale: what the cosines are multiplied by.
        bias: what is added to them; 0 but for SigLIP.
    """

    def __init__(self, tower: nn.Module, texts: torch.Tensor, *, scale: float, bias: float) -> None:
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(texts.shape[1], texts.shape[0])
        self.head.weight.data = texts.clone()
        self.head.bias.data = torch.full((texts.shape[0],), bias / scale)
        self.scale = scale

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, c)."""
        logits: torch.Tensor = self.scale * self.head(functional.normalize(self.tower(images), dim=-1))
        return logits


def open_oracle(options: Mapping[str, object]) -> TorchOracle:
    """Return a CLIP model with its zero-shot head as a differentiable oracle of the classes.

    Raises:
        ConfigError: an option that does not fit, an unknown model, or weights that cannot be had.
        DataError: a source of class names that cannot be read.
    """
    chosen = convert(options, Options, where="[oracle]")
    templates = (chosen.text,) if isinstance(chosen.text, str) else chosen.text
    classes = load_source(chosen.classes).pool.classes if isinstance(chosen.classes, str) else chosen.classes
    _check(classes, templates)
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    model = _load(chosen)
    texts = encode_classes(model, chosen.architecture, classes, templates)
    tower: Any = model.visual
    side = tower.image_size
    bias = getattr(model, "logit_bias", None)
    return TorchOracle(
        ZeroShot(tower, texts, scale=float(model.logit_scale.exp()), bias=0.0 if bias is None else float(bias)),
        name=f"open-clip-{chosen.architecture}",
        labels=classes,
        input_size=(side, side) if isinstance(side, int) else (int(side[0]), int(side[1])),
        mean=getattr(tower, "image_mean", None) or MEAN,
        std=getattr(tower, "image_std", None) or STD,
        answer=Answer(chosen.answer),
        device=chosen.device,
        amp=chosen.amp,
    )


@torch.no_grad()
def encode_classes(
    model: Any, architecture: str, classes: tuple[str, ...], templates: tuple[str, ...]
) -> torch.Tensor:
    """Embed each class's prompts: float32, shape (c, e), the unit mean of unit embeddings."""
    tokenize = open_clip.get_tokenizer(architecture)
    rows = []
    for name in classes:
        prompts = [template.format(name.lower().replace("_", " ")) for template in templates]
        each = functional.normalize(model.encode_text(tokenize(prompts)).float(), dim=-1)
        rows.append(functional.normalize(each.mean(dim=0), dim=-1))
    return torch.stack(rows)


def _check(classes: tuple[str, ...], templates: tuple[str, ...]) -> None:
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"[oracle] classes: expected at least two distinct names, got {list(classes)}")
    for template in templates or ("",):
        if template.count("{}") != 1:
            raise ConfigError(f"[oracle] text: expected one '{{}}' for the class's name, got {template!r}")


def _load(chosen: Options) -> Any:
    name, path = chosen.architecture, local_file(chosen.weights)
    if not name.startswith(("local-dir:", "hf-hub:")):
        check_known("open_clip architecture", name, open_clip.list_models())
        if path is None and chosen.weights is not None:
            check_known(f"weights of {name}", chosen.weights, open_clip.list_pretrained_tags_by_model(name))
    weights = None if chosen.weights is None else str(path or chosen.weights)
    # OpenAI's weights were trained with the quick approximation of GELU, which "ViT-B-32" alone does not say.
    quick = path is None and open_clip.get_pretrained_cfg(name, weights).get("quick_gelu", False)
    with from_hub(f"{name} ({chosen.weights})") if path is None else _of(name, path):
        return (
            open_clip.create_model(name, pretrained=weights, force_quick_gelu=quick)
            .eval()
            .requires_grad_(requires_grad=False)
        )


@contextmanager
def _of(name: str, path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # open_clip raises whatever its converters meet
        problem = " ".join(str(error).split())[:120]
        raise ConfigError(f"{path} holds no weights of {name} ({problem}...); name the architecture") from error
