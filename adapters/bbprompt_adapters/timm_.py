"""timm's image classifiers by name, with a hub's weights or a checkpoint of your own.

Of Bahng et al. 2022 (arXiv 2203.17274): "resnet50.tv_in1k" is RN50, "resnetv2_50x1_bit.goog_in21k" BiT-M, and
"resnext101_32x8d.fb_wsl_ig1b_ft_in1k" Instagram.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.oracle import Answer
from bbprompt.registry import needs_extra
from bbprompt_adapters.torch_module import TorchOracle
from bbprompt_adapters.weights import check_known, from_hub, load_into, local_file, numbered, read_labels

with needs_extra("timm"):
    import timm
    import timm.data
    import torch


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        architecture: as ``timm.list_models()`` has it, with or without a tag after a dot.
        weights: path of a checkpoint; the hub's for this architecture and tag, if left out.
        classes: number of labels, where the checkpoint has another than the architecture.
        labels: a file of their names, a JSON list or one a line; ImageNet's where there are as many, if left out.
        input_size: height and width in pixels; the weights' own, if left out.
        answer: what queries answer.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
        amp: bfloat16 where it is safe, on CUDA only.
    """

    architecture: str
    weights: str | None = None
    classes: Annotated[int, msgspec.Meta(ge=2)] | None = None
    labels: str | None = None
    input_size: Annotated[int, msgspec.Meta(ge=8, le=2048)] | None = None
    answer: Literal["logits", "probabilities"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None
    amp: bool = False


def open_oracle(options: Mapping[str, object]) -> TorchOracle:
    """Return one of timm's classifiers as a differentiable oracle, with the normalisation of its weights.

    Raises:
        ConfigError: an option that does not fit, an unknown model, or weights that cannot be had.
    """
    chosen = convert(options, Options, where="[oracle]")
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    module = _load(chosen)
    known = timm.data.resolve_model_data_config(module)
    _, h, w = known["input_size"]
    k = int(module.num_classes)
    return TorchOracle(
        module,
        name=f"timm-{chosen.architecture}",
        labels=read_labels(chosen.labels, k) if chosen.labels else imagenet_names(module, k),
        input_size=(h, w) if chosen.input_size is None else (chosen.input_size, chosen.input_size),
        mean=known["mean"],
        std=known["std"],
        answer=Answer(chosen.answer),
        device=chosen.device,
        amp=chosen.amp,
    )


def imagenet_names(module: Any, k: int) -> list[str]:
    """Names of ImageNet's labels where timm knows which subset the model is of; else numbers."""
    subset = timm.data.infer_imagenet_subset(module)
    if subset is None:
        return numbered(k)
    info = timm.data.ImageNetInfo(subset)
    names = [info.index_to_description(i) for i in range(k)]
    # Two labels of ImageNet-21k may bear one name; the synset tells them apart.
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < k else set()
    return [f"{name} ({info.index_to_label_name(i)})" if name in twice else name for i, name in enumerate(names)]


def _load(chosen: Options) -> Any:
    path = local_file(chosen.weights)
    check_known("timm architecture", chosen.architecture.partition(".")[0], timm.list_models())
    options: dict[str, Any] = {}
    if chosen.classes is not None:
        options["num_classes"] = chosen.classes
    if chosen.input_size is not None and chosen.architecture.startswith(("vit", "deit", "swin", "beit", "eva")):
        options["img_size"] = chosen.input_size
    with from_hub(chosen.architecture):
        module = timm.create_model(chosen.architecture, pretrained=path is None, **options)
    if path is not None:
        load_into(module, path)
    return module.eval()
