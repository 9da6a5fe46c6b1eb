"""ConSE: an ImageNet classifier turned into a text-prompted one, with no training. Not CLIP, and never called so.

Norouzi et al. 2014, "Zero-Shot Learning by Convex Combination of Semantic Embeddings" (ICLR; arXiv 1312.5650),
equations 2 to 4, with EfficientNet-Lite0's T = 10 most likely names s_t of probability p_t:

    f(x) = sum_t p_t e(s_t) / sum_t p_t,    score(x, c) = 100 cos(f(x) - m, e("a photo of a c"))

m, the mean embedding of all thousand names, is what every image would say. The factor 100 is CLIP's: it makes the
similarities what a softmax reads, so that cross-entropy on them means what it means there.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from bbprompt.arrays import Float32, UInt8
from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, OracleSpec, Scores, check_scores
from bbprompt.registry import needs_extra
from bbprompt_adapters import efficientnet_lite0
from bbprompt_adapters.torch_module import TorchOracle

with needs_extra("lite0"):
    import torch
    from torch.nn import functional

NAMES = "imagenet1k"
NEIGHBOURS = 10
SCALE = 100.0


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        embeddings: path of an npz file of text embeddings: "imagenet1k", shape (1000, e), in the usual order, and
            ``texts``, shape (c, e).
        texts: the array of the classes' embeddings.
        classes: their c names, in the same order.
        input_size: height and width in pixels; the classifier was trained at 224.
        threads: CPU threads of this process; torch's own choice, if left out.
        device: "cpu", "cuda", "cuda:1" ...; a GPU if there is one, if left out.
    """

    embeddings: str
    texts: str
    classes: tuple[str, ...]
    input_size: Annotated[int, msgspec.Meta(ge=32, le=1024)] = 224
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    device: str | None = None


@dataclass(slots=True, eq=False)
class Conse:
    """A differentiable oracle of similarities, 100 cosine, in -100..100.

    Attributes:
        classifier: answers logits of the named labels.
        names: float32, shape (k, e): centred embeddings of those labels.
        classes: float32, shape (c, e): embeddings of the classes, of unit length.
        spec: of the similarities.
        device: where the classifier runs.
    """

    classifier: TorchOracle
    names: torch.Tensor
    classes: torch.Tensor
    spec: OracleSpec
    device: torch.device = field(init=False)

    def __post_init__(self) -> None:
        self.device = self.classifier.device

    @property
    def std(self) -> torch.Tensor:
        """The classifier's; see ``TorchOracle.std``."""
        return self.classifier.std

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3), RGB. Any n.

        Raises:
            DataError: the images have the wrong dtype or shape.
        """
        logits = torch.from_numpy(self.classifier.query(images).values).to(self.device)
        values = self._similarities(logits).cpu().numpy()
        return check_scores(Scores(values, Answer.SIMILARITY), self.spec, len(images))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the similarities (n, c) of float images (n, 3, h, w) in [0, 1], differentiable in the images."""
        return self._similarities(self.classifier.logits(images))

    def features(self, images: UInt8) -> Float32:
        """Return the classifier's features of uint8 images (n, h, w, 3); see ``TorchOracle.features``."""
        return self.classifier.features(images)

    def tunable(self, classes: int | None) -> torch.nn.Module:
        """Return a copy of the classifier to be trained; see ``TorchOracle.tunable``."""
        return self.classifier.tunable(classes)

    def _similarities(self, logits: torch.Tensor) -> torch.Tensor:
        likeliest = logits.softmax(dim=1).topk(NEIGHBOURS, dim=1)
        shares = likeliest.values / likeliest.values.sum(dim=1, keepdim=True)
        meaning = (shares[:, :, None] * self.names[likeliest.indices]).sum(dim=1)
        return SCALE * functional.cosine_similarity(meaning[:, None, :], self.classes, dim=2)


def open_oracle(options: Mapping[str, object]) -> Conse:
    """Return ConSE on EfficientNet-Lite0 as a differentiable oracle of the classes named.

    Raises:
        ConfigError: an option that does not fit, or a file that is missing or holds other embeddings.
    """
    chosen = convert(options, Options, where="[oracle]")
    names, classes = _embeddings(chosen)
    passed_on = {"input_size": chosen.input_size, "threads": chosen.threads, "device": chosen.device}
    classifier = efficientnet_lite0.open_oracle(passed_on)
    spec = OracleSpec(
        name=f"conse-{classifier.spec.name}-{_fingerprint(names, classes)}",
        input_size=classifier.spec.input_size,
        labels=chosen.classes,
        answer=Answer.SIMILARITY,
        max_batch=classifier.spec.max_batch,
        usd_per_query=0.0,
    )
    centred = torch.from_numpy(names - names.mean(axis=0)).to(classifier.device)
    return Conse(classifier, centred, torch.from_numpy(classes).to(classifier.device), spec)


def _embeddings(chosen: Options) -> tuple[Float32, Float32]:
    path = Path(chosen.embeddings).expanduser()
    names, classes = _read(path, NAMES), _read(path, chosen.texts)
    k, c = len(efficientnet_lite0.imagenet_labels()), len(chosen.classes)
    if names.ndim != 2 or names.shape[0] != k or classes.shape != (c, names.shape[1]):
        raise ConfigError(
            f"{path}: {NAMES!r} has shape {names.shape} and {chosen.texts!r} {classes.shape}, expected ({k}, e) and "
            f"({c}, e) for the {c} [oracle] classes; name as many classes as there are texts"
        )
    return names, classes


def _read(path: Path, array: str) -> Float32:
    fix = "give [oracle] embeddings an npz file of text embeddings"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return np.asarray(arrays[array], dtype=np.float32)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}; {fix}") from error
    except KeyError as error:
        raise ConfigError(f"{path} holds no array {array!r}; {fix} that has it") from error
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} is no npz file of plain arrays; {fix}") from error


def _fingerprint(*arrays: Float32) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]
