"""What a server says of itself and of a model: ``GET /v2`` and ``GET /v2/models/{model}``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bbprompt.errors import AnswerError, ConfigError, OracleError
from bbprompt.oracle import Answer
from bbprompt_adapters.http.transport import Transport

MAX_BYTES = 4_000_000
BINARY = "binary_tensor_data"
"""Among a server's extensions: it takes and gives tensors as bytes."""

CONFIGURATION = "model_configuration"
"""Among a server's extensions, Triton's: it tells how a model is configured."""

EXTRAS = "bbprompt"
"""Among a model's parameters: where a bbprompt server puts ``Extras``."""


class TensorInfo(msgspec.Struct, frozen=True):
    """An input or output of a model; -1 stands for any length."""

    name: str
    datatype: str
    shape: list[int]


class Extras(msgspec.Struct, frozen=True):
    """What a bbprompt server adds; all optional.

    Attributes:
        identity: the served oracle's ``spec.name``: the same identity gives the same answers.
        labels: one per column of the output.
        answer: what the output means.
        max_batch: most images in one request.
    """

    identity: str | None = None
    labels: list[str] | None = None
    answer: Answer | None = None
    max_batch: int | None = None


class ModelInfo(msgspec.Struct, frozen=True):
    """The answer to ``GET /v2/models/{model}``."""

    name: str
    inputs: list[TensorInfo]
    outputs: list[TensorInfo]
    versions: list[str] | None = None
    parameters: dict[str, Any] | None = None

    @property
    def extras(self) -> Extras:
        """What a bbprompt server adds; nothing, if another server or another version answered."""
        try:
            return msgspec.convert((self.parameters or {}).get(EXTRAS, {}), Extras)
        except msgspec.ValidationError:
            return Extras()


class ServerInfo(msgspec.Struct, frozen=True):
    """The answer to ``GET /v2``."""

    name: str = ""
    extensions: list[str] = []


class ModelConfig(msgspec.Struct, frozen=True):
    """The answer to ``GET /v2/models/{model}/config``; 0 where a model's inputs have no batch axis."""

    max_batch_size: int = 0


M = TypeVar("M", ModelInfo, ServerInfo, ModelConfig)


@dataclass(frozen=True, slots=True)
class ImageInput:
    """Where the images go.

    Attributes:
        size: (height, width) in pixels; ``None`` for a side that may have any length.
        channels_last: (n, h, w, 3) rather than (n, 3, h, w).
        batch: images in one request that the shape fixes; ``None`` if any number will do.
    """

    name: str
    datatype: str
    size: tuple[int | None, int | None]
    channels_last: bool
    batch: int | None


def model_path(model: str) -> str:
    """Return the path of a model below the server's URL."""
    return f"/v2/models/{quote(model, safe='')}"


def fetch_model(transport: Transport, model: str) -> ModelInfo:
    """Ask what a model takes and gives.

    Raises:
        OracleError: no server, or no such model.
        AnswerError: an answer that is no model metadata.
    """
    try:
        reply = transport.get(model_path(model), max_bytes=MAX_BYTES)
    except OracleError as error:
        if error.retryable:
            raise
        hint = f"cannot open the model {model!r}; check [oracle] model and url"
        raise OracleError(f"{hint}: {error}", billed=False) from error
    return _decode(reply.content, ModelInfo, transport.url)


def fetch_server(transport: Transport) -> ServerInfo:
    """Ask what the server can; a server without ``GET /v2`` says nothing.

    Raises:
        OracleError: no server.
    """
    return _fetch_if_told(transport, "/v2", ServerInfo) or ServerInfo()


def fetch_max_batch(transport: Transport, model: str, server: ServerInfo) -> int | None:
    """Ask for the most images in one request, where the server can tell: Triton refuses more.

    Raises:
        OracleError: no server.
    """
    if CONFIGURATION not in server.extensions:
        return None
    config = _fetch_if_told(transport, f"{model_path(model)}/config", ModelConfig)
    return config.max_batch_size or None if config else None


def _fetch_if_told(transport: Transport, path: str, kind: type[M]) -> M | None:
    """What ``path`` answers; nothing where it is refused for good, as by a gate that knows only what it must."""
    try:
        reply = transport.get(path, max_bytes=MAX_BYTES)
    except OracleError as error:
        if error.retryable:
            raise
        return None
    return _decode(reply.content, kind, transport.url)


def find_image_input(info: ModelInfo) -> ImageInput:
    """Return the model's input as one for RGB images.

    Raises:
        ConfigError: the model takes something else.
    """
    match info.inputs:
        case [TensorInfo(name=name, datatype=datatype, shape=[n, h, w, 3])]:
            channels_last = True
        case [TensorInfo(name=name, datatype=datatype, shape=[n, 3, h, w])]:
            channels_last = False
        case inputs:
            got = ", ".join(f"{one.name} {one.datatype} {one.shape}" for one in inputs) or "none"
            raise ConfigError(
                f"the model {info.name!r} takes {got}; expected one input of shape [-1, h, w, 3] or [-1, 3, h, w]"
            )
    return ImageInput(name, datatype, (_length(h), _length(w)), channels_last, _length(n))


def find_output(info: ModelInfo, wanted: str | None) -> TensorInfo:
    """Return the output that holds the scores, shape [-1, k]: the one called ``wanted``, or the only one.

    Raises:
        ConfigError: there is no such output.
    """
    names = [output.name for output in info.outputs]
    found = [output for output in info.outputs if wanted in (None, output.name)]
    if len(found) != 1:
        known = ", ".join(names) or "none"
        raise ConfigError(f"[oracle] output: say which output of {info.name!r} holds the scores; known: {known}")
    if len(found[0].shape) != 2:
        raise ConfigError(f"the output {found[0].name!r} has shape {found[0].shape}; expected [-1, k] scores")
    return found[0]


def _length(dimension: int) -> int | None:
    return dimension if dimension > 0 else None


def _decode(content: bytes, kind: type[M], url: str) -> M:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerError(
            f"{url} does not speak the Open Inference Protocol v2 ({error}); check [oracle] url", billed=False
        ) from error
