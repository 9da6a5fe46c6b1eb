"""torchvision's image classifiers by name, with its weights or a checkpoint of your own.

"resnet50" with "IMAGENET1K_V1" is the RN50 of Bahng et al. 2022 (arXiv 2203.17274), "resnet18" with "IMAGENET1K_V1"
the one of Chen et al. 2023 (arXiv 2211.11635).
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

with needs_extra("torchvision"):
    import torch
    from torchvision import models


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        architecture: as ``torchvision.models.list_models()`` has it.
        weights: one of the architecture's, such as "IMAGENET1K_V1", or the path of a checkpoint.
        classes: number of labels, where the checkpoint has another than the architecture.
        labels: a file of their names, a JSON list or one a line; ImageNet's where there are 1,000, if left out.
        input_size: height and width in pixels; what the weights are evaluated at, if left out.
        answer: what queries answer.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
        amp: bfloat16 where it is safe, on CUDA only.
    """

    architecture: str
    weights: str = "DEFAULT"
    classes: Annotated[int, msgspec.Meta(ge=2)] | None = None
    labels: str | None = None
    input_size: Annotated[int, msgspec.Meta(ge=8, le=2048)] | None = None
    answer: Literal["logits", "probabilities"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None
    amp: bool = False


def open_oracle(options: Mapping[str, object]) -> TorchOracle:
    """Return one of torchvision's classifiers as a differentiable oracle, with the normalisation of its weights.

    Raises:
        ConfigError: an option that does not fit, an unknown model, or weights that cannot be had.
    """
    chosen = convert(options, Options, where="[oracle]")
    classifiers = models.list_models(module=models)
    check_known("torchvision architecture", chosen.architecture, classifiers)
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    weights: Any = models.get_model_weights(chosen.architecture)
    known = _known(chosen, weights)
    module, names = _load(chosen), known.meta["categories"]
    k = len(names) if chosen.classes is None else chosen.classes
    preprocess = known.transforms()
    side = chosen.input_size or preprocess.crop_size[0]
    unnamed = names if k == len(names) else numbered(k)
    return TorchOracle(
        module,
        name=f"torchvision-{chosen.architecture}",
        labels=read_labels(chosen.labels, k) if chosen.labels else unnamed,
        input_size=(side, side),
        mean=preprocess.mean,
        std=preprocess.std,
        answer=Answer(chosen.answer),
        device=chosen.device,
        amp=chosen.amp,
    )


def _known(chosen: Options, weights: Any) -> Any:
    """The weights whose names and preprocessing hold; for a checkpoint of one's own, the architecture's first."""
    if local_file(chosen.weights) is not None:
        return next(iter(weights))
    check_known(f"weights of {chosen.architecture}", chosen.weights, [*weights.__members__])
    return weights[chosen.weights]


def _load(chosen: Options) -> Any:
    path = local_file(chosen.weights)
    options = {} if chosen.classes is None else {"num_classes": chosen.classes}
    if path is None:
        with from_hub(f"{chosen.architecture} ({chosen.weights})"):
            return models.get_model(chosen.architecture, weights=chosen.weights).eval()
    # Inception and GoogLeNet would otherwise draw their initial weights by a slow detour.
    if chosen.architecture in ("inception_v3", "googlenet"):
        options["init_weights"] = False
    module = models.get_model(chosen.architecture, weights=None, **options)
    load_into(module, path)
    return module.eval()
