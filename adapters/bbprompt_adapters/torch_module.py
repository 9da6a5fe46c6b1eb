"""Any ``torch.nn.Module`` that gives logits, as a differentiable oracle."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from bbprompt.arrays import Float32, UInt8
from bbprompt.errors import ConfigError, DataError
from bbprompt.oracle import Answer, OracleSpec, Scores, check_images, check_scores
from bbprompt.registry import needs_extra

with needs_extra("torch"):
    import torch
    from torch import nn

MAX_BATCH = 64


class TorchOracle:
    """A frozen module. Takes the module over: eval mode, weights that want no gradients and hold none.

    An image's answer does not depend on its company: queries run in chunks of one fixed size, the last one filled
    up, because convolutions round differently for different batch sizes and a resumed run batches differently.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str,
        labels: Sequence[str],
        input_size: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        answer: Answer = Answer.LOGITS,
        device: str | torch.device | None = None,
        amp: bool = False,
        chunk: int = 16,
    ) -> None:
        """Freeze ``module`` and move it to ``device``. On CUDA, cuDNN is set to deterministic for the process.

        Args:
            module: float images (n, 3, h, w), normalised, to logits (n, k).
            name: what people call the model; ``spec.name`` adds a fingerprint of weights and settings.
            labels: the k labels in the order of the logits.
            input_size: (height, width) in pixels.
            mean: per channel, subtracted from images in [0, 1].
            std: per channel, divides what is left.
            answer: what queries answer, ``LOGITS`` or ``PROBABILITIES`` (softmax).
            device: where to run; a GPU if there is one, if left out.
            amp: bfloat16 where it is safe, on CUDA only.
            chunk: images per forward pass of a query; 16 is the fastest on a CPU.

        Raises:
            ConfigError: an answer that logits cannot give, or a device that is not there.
        """
        if answer not in (Answer.LOGITS, Answer.PROBABILITIES):
            raise ConfigError(f"a torch module answers logits or probabilities, not {answer.value}")
        self.device = _find_device(device)
        self._module = _freeze(module).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(mean, device=self.device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=self.device).view(1, 3, 1, 1)
        self._amp = amp and self.device.type == "cuda"
        self._chunk = chunk
        settings = (input_size, tuple(mean), tuple(std), answer.value, self._amp, chunk)
        self.spec = OracleSpec(
            name=f"{name}@{fingerprint(module, settings)}",
            input_size=input_size,
            labels=tuple(labels),
            answer=answer,
            max_batch=MAX_BATCH,
            usd_per_query=0.0,
        )

    @property
    def std(self) -> torch.Tensor:
        """Float, shape (1, 3, 1, 1): what pixels in [0, 1] are divided by before the module sees them."""
        return self._std

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3), RGB. Any n.

        Raises:
            DataError: the images have the wrong dtype or shape.
            AnswerError: the module gave NaN, infinity, or not one column per label.
        """
        check_images(images, self.spec)
        if len(images) == 0:
            return Scores(np.empty((0, len(self.spec.labels)), np.float32), self.spec.answer)
        starts = range(0, len(images), self._chunk)
        values = np.concatenate([self._score(images[start : start + self._chunk]) for start in starts])
        return check_scores(Scores(values, self.spec.answer), self.spec, len(images))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (n, k) of float images (n, 3, h, w) in [0, 1], differentiable in the images only.

        Raises:
            DataError: the images have the wrong dtype or shape.
        """
        if not images.is_floating_point() or images.ndim != 4 or images.shape[1:] != (3, *self.spec.input_size):
            h, w = self.spec.input_size
            raise DataError(
                f"images must be float in [0, 1] of shape (n, 3, {h}, {w}) for {self.spec.name}, "
                f"got {images.dtype} {tuple(images.shape)}"
            )
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        images = (images - self._mean) / self._std  # lets go of the others while the module is at work
        with self._autocast():
            logits: torch.Tensor = self._module(images)
        return logits.float()

    @torch.inference_mode()
    def features(self, images: UInt8) -> Float32:
        """Return what the head reads, float32, shape (n, e), of uint8 images (n, h, w, 3): for a linear probe.

        Raises:
            DataError: the images have the wrong dtype or shape.
            ConfigError: the module has no linear head.
        """
        check_images(images, self.spec)
        caught: list[torch.Tensor] = []
        _, head = find_head(self._module)
        hook = head.register_forward_pre_hook(lambda _module, inputs: caught.append(inputs[0]))
        try:
            for start in range(0, len(images), self._chunk):
                self._score(images[start : start + self._chunk])
        finally:
            hook.remove()
        return torch.cat([found.flatten(1) for found in caught])[: len(images)].float().cpu().numpy()

    def tunable(self, classes: int | None) -> nn.Module:
        """Return a copy to be trained: float images (n, 3, h, w) in [0, 1] to logits (n, classes).

        Args:
            classes: of a new head; ``None`` keeps the model's own.

        Raises:
            ConfigError: the module has no linear head to replace.
        """
        return Tunable(self._module, self._mean, self._std, classes).to(self.device)

    @torch.inference_mode()
    def _score(self, images: UInt8) -> Float32:
        filler = np.repeat(images[-1:], self._chunk - len(images), axis=0)
        pixels = torch.from_numpy(np.concatenate([images, filler])).to(self.device)
        values = self.logits(pixels.permute(0, 3, 1, 2).float() / 255)[: len(images)]
        if self.spec.answer is Answer.PROBABILITIES:
            values = values.softmax(dim=1)
        return values.cpu().numpy()

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._amp)


class Tunable(nn.Module):
    """A copy of ``module`` behind its normalisation; every weight wants a gradient. A new head is all zeros."""

    def __init__(self, module: nn.Module, mean: torch.Tensor, std: torch.Tensor, classes: int | None) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).requires_grad_(requires_grad=True).eval()
        self.mean, self.std = nn.Buffer(mean.clone()), nn.Buffer(std.clone())
        if classes is not None:
            name, head = find_head(self.module)
            parent, _, last = name.rpartition(".")
            setattr(self.module.get_submodule(parent), last, _new_head(head, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, classes)."""
        logits: torch.Tensor = self.module((images - self.mean) / self.std)
        return logits.flatten(1)


def find_head(module: nn.Module) -> tuple[str, nn.Module]:
    """Return name and module of the last linear layer, or convolution of one pixel, that is part of ``module``.

    Raises:
        ConfigError: there is none.
    """
    for name, part in reversed(list(module.named_modules())):
        if isinstance(part, nn.Linear) or (isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1)):
            return name, part
    raise ConfigError(f"{type(module).__name__} has no linear head, so it has no features to probe or tune")


def _new_head(head: nn.Module, classes: int) -> nn.Module:
    fresh: nn.Module
    if isinstance(head, nn.Linear):
        fresh = nn.Linear(head.in_features, classes)
    else:
        assert isinstance(head, nn.Conv2d)
        fresh = nn.Conv2d(head.in_channels, classes, 1)
    for parameter in fresh.parameters():
        nn.init.zeros_(parameter)
    return fresh


def fingerprint(module: nn.Module, settings: object) -> str:
    """Return 12 hex digits of a SHA-256 over the module's class, its weights and buffers, and ``settings``."""
    digest = hashlib.sha256(f"{type(module).__qualname__} {settings!r}".encode())
    for key, value in module.state_dict().items():
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:12]


def _freeze(module: nn.Module) -> nn.Module:
    module.eval().requires_grad_(requires_grad=False)
    for parameter in module.parameters():
        parameter.grad = None
    return module


def _find_device(device: str | torch.device | None) -> torch.device:
    try:
        found = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {str(device)!r} cannot be used ({reason}); use cpu, or leave it out") from error
    if found.type == "cuda":
        torch.backends.cudnn.deterministic = True
    return found
