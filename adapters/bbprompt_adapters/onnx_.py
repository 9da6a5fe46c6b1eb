"""Any classifier exported to ONNX, through ONNX Runtime: query-only, with no framework behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from bbprompt.arrays import Float32, UInt8
from bbprompt.config_struct import convert
from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, OracleSpec, Scores, as_float32, check_images, check_scores
from bbprompt.registry import needs_extra

with needs_extra("onnx"):
    import onnxruntime as ort

TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(float16)": np.float16}
MAX_BATCH = 64


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oracle]`` of this adapter.

    Attributes:
        model: path of the .onnx file.
        labels: their names; a file of them, a JSON list or one a line; "label 0", "label 1" ..., if left out.
        input_size: (height, width) in pixels, where the model leaves them open.
        layout: order of the axes of its input.
        mean: per channel, subtracted from pixels in [0, 1]. Bytes are passed as they are.
        std: per channel, divides what is left.
        output: name of the output to read, if there are several.
        answer: what that output holds.
        threads: CPU threads; ONNX Runtime's own choice, if left out.
        providers: of ONNX Runtime, the first that is there is used.
    """

    model: str
    labels: str | tuple[str, ...] | None = None
    input_size: tuple[int, int] | None = None
    layout: Literal["nchw", "nhwc"] = "nchw"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    output: str | None = None
    answer: Literal["logits", "probabilities", "similarity"] = "logits"
    threads: Annotated[int, msgspec.Meta(ge=1)] | None = None
    providers: tuple[str, ...] = ("CPUExecutionProvider",)


@dataclass(frozen=True, slots=True, eq=False)
class OnnxOracle:
    """A session of ONNX Runtime.

    Attributes:
        session: of the model.
        chosen: how it is fed and read.
        batch: images per pass, where the model fixes it; ``None`` where it does not.
        spec: of its answers.
    """

    session: Any
    chosen: Options
    batch: int | None
    spec: OracleSpec

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3), RGB. Any n.

        Raises:
            DataError: the images have the wrong dtype or shape.
            AnswerError: the model gave NaN, infinity, or not one column per label.
        """
        check_images(images, self.spec)
        step = self.batch or MAX_BATCH
        parts = [self._score(images[start : start + step]) for start in range(0, len(images), step)]
        values = np.concatenate([np.empty((0, len(self.spec.labels)), np.float32), *parts])
        return check_scores(Scores(values, self.spec.answer), self.spec, len(images))

    def _score(self, images: UInt8) -> Float32:
        filler = np.repeat(images[-1:], (self.batch or len(images)) - len(images), axis=0)
        fed = self._prepare(np.concatenate([images, filler]))
        (output,) = self.session.run([self.chosen.output], {self.session.get_inputs()[0].name: fed})
        return as_float32(output).reshape(len(fed), -1)[: len(images)]

    def _prepare(self, images: UInt8) -> Any:
        pixels: Any = images
        dtype = TYPES[self.session.get_inputs()[0].type]
        if dtype is not np.uint8:
            scaled = images.astype(np.float32) / 255
            mean, std = (np.array(values, dtype=np.float32) for values in (self.chosen.mean, self.chosen.std))
            pixels = ((scaled - mean) / std).astype(dtype)
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) if self.chosen.layout == "nchw" else pixels)


def open_oracle(options: Mapping[str, object]) -> OnnxOracle:
    """Return the model of an .onnx file as a query-only oracle.

    Raises:
        ConfigError: an option that does not fit, or a file that is missing or is no image classifier.
    """
    chosen = convert(options, Options, where="[oracle]")
    path = Path(chosen.model).expanduser()
    if not path.is_file():
        raise ConfigError(f"no file {path}; correct [oracle] model")
    session = _session(path, chosen)
    chosen = msgspec.structs.replace(chosen, output=_output(session, chosen))
    batch, size = _input(session, chosen)
    k = _width(session, chosen, batch, size)
    settings = hashlib.sha256(path.read_bytes() + repr(chosen).encode()).hexdigest()[:12]
    spec = OracleSpec(
        name=f"onnx-{path.stem}@{settings}",
        input_size=size,
        labels=_labels(chosen.labels, k),
        answer=Answer(chosen.answer),
        max_batch=MAX_BATCH,
        usd_per_query=0.0,
    )
    return OnnxOracle(session, chosen, batch, spec)


def _session(path: Path, chosen: Options) -> Any:
    settings = ort.SessionOptions()
    settings.log_severity_level = 3
    if chosen.threads is not None:
        settings.intra_op_num_threads = chosen.threads
    for provider in chosen.providers:
        if provider not in ort.get_available_providers():
            raise ConfigError(f"ONNX Runtime has no {provider!r} here, only {ort.get_available_providers()}")
    try:
        return ort.InferenceSession(path, settings, providers=list(chosen.providers))
    except Exception as error:  # its errors have no common base but this
        raise ConfigError(
            f"{path} is no ONNX model ({' '.join(str(error).split())[:100]}); export it again"
        ) from error


def _input(session: Any, chosen: Options) -> tuple[int | None, tuple[int, int]]:
    """Images per pass where they are fixed, and (height, width)."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in TYPES:
        got = ", ".join(f"{each.name}: {each.type} {each.shape}" for each in inputs)
        raise ConfigError(f"expected one input of four axes, float or uint8, got {got}; export it with one")
    batch, *axes = inputs[0].shape
    c, h, w = axes if chosen.layout == "nchw" else (axes[2], *axes[:2])
    if isinstance(c, int) and c != 3:
        raise ConfigError(
            f"layout {chosen.layout!r} makes {c} channels of {inputs[0].shape}, expected 3; change it"
        )
    size = (h, w) if isinstance(h, int) and isinstance(w, int) else chosen.input_size
    if size is None:
        raise ConfigError("the model leaves height and width open; set [oracle] input_size = [height, width]")
    if chosen.input_size not in (None, size):
        raise ConfigError(f"the model takes {size} pixels, got [oracle] input_size = {chosen.input_size}")
    return batch if isinstance(batch, int) else None, size


def _output(session: Any, chosen: Options) -> str:
    names = [output.name for output in session.get_outputs()]
    if chosen.output is None and len(names) == 1:
        return str(names[0])
    if chosen.output not in names:
        raise ConfigError(f"the model has the outputs {names}; name one as [oracle] output, got {chosen.output!r}")
    return str(chosen.output)


def _width(session: Any, chosen: Options, batch: int | None, size: tuple[int, int]) -> int:
    """Number of labels, by asking once: exporters leave it open."""
    blank = np.zeros((batch or 1, *size, 3), dtype=np.uint8)
    spec = OracleSpec("blank", size, (), Answer(chosen.answer))
    return int(OnnxOracle(session, chosen, batch, spec)._score(blank).shape[1])


def _labels(asked: str | tuple[str, ...] | None, k: int) -> tuple[str, ...]:
    if isinstance(asked, str):
        file = Path(asked).expanduser()
        try:
            text = file.read_text(TEXT)
            asked = tuple(map(str, json.loads(text) if file.suffix == ".json" else text.splitlines()))
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot read label names from {file}: {error}; correct [oracle] labels") from error
    labels = tuple(f"label {i}" for i in range(k)) if asked is None else asked
    if len(labels) != k:
        raise ConfigError(f"the model answers {k} scores, got {len(labels)} [oracle] labels; give as many")
    return labels
