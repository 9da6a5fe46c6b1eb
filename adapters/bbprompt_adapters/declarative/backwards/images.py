"""What an adapter's ``[image]`` says images are, each with the ways in which a request may hold one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.errors import DataError
from bbprompt.proxy.bodies import Part, prompt_file, prompt_part
from bbprompt.proxy.dialect import Fetch, Lay, Message, Refusal
from bbprompt.proxy.images import Files, Form, Texts, from_base64, to_base64
from bbprompt.quick_png import quick_png
from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.schema import Image
from bbprompt_adapters.levels import levels_of


class Images(Protocol):
    """Prompts the images of one request, and counts them; each way raises ``Refusal`` for one that cannot be."""

    @property
    def count(self) -> int:
        """Images prompted so far."""

    def in_json(self, value: Any, *, where: str) -> Any:
        """What must be an image, in JSON."""

    def in_part(self, part: Part, *, declared: bool) -> Part:
        """A form's part; ``declared`` where the adapter puts an image."""

    def in_body(self, message: Message, *, declared: bool) -> Message:
        """A body that is neither JSON nor a form; ``declared`` as above."""


class FileImages:
    """Image files: the body, parts, base64 and data URIs. A file is one wherever it stands in a form or alone."""

    def __init__(self, settings: Image, lay: Lay, fetch: Fetch) -> None:
        """Prompt nothing yet."""
        encode = Encoder(settings)
        fast = settings.encoding == "png"
        self._files = Files(lay, partial(_quick, encode) if fast else encode.file, encode.media_type)
        self._texts = Texts(self._files, fetch)
        self._as_text = settings.form == "base64"
        self._form: Form = "data-uri" if settings.form == "data-uri" else "base64"

    @property
    def count(self) -> int:
        """See ``Images``."""
        return self._files.count

    def in_json(self, value: Any, *, where: str) -> str:
        """See ``Images``."""
        if not isinstance(value, str):
            raise Refusal(f"{where!r} must hold an image as {self._form}, and is no text")
        return self._texts.image(value, where=where, form=self._form)

    def in_part(self, part: Part, *, declared: bool) -> Part:  # noqa: ARG002
        """See ``Images``."""
        return prompt_part(part, self._files, self._texts)

    def in_body(self, message: Message, *, declared: bool) -> Message:
        """See ``Images``."""
        if declared and self._as_text and message.content.isascii():
            text = self._texts.image(message.content.decode("ascii"), where="the body", form="base64")
            return Message(text.encode(), message.headers)
        return prompt_file(message, self._files)


@dataclass(slots=True)
class TensorImages:
    """Tensors, one an image, as ``Encoder`` makes them: nested lists in JSON, or bytes of the adapter's size and type."""

    settings: Image
    lay: Lay
    count: int = 0
    _encode: Encoder = field(init=False)

    def __post_init__(self) -> None:
        self._encode = Encoder(self.settings)

    def in_json(self, value: Any, *, where: str) -> Any:
        """See ``Images``."""
        if self.settings.form == "list":
            return self._encode(self._prompted(_array(value, where), where))
        head, comma, data = value.rpartition(",") if isinstance(value, str) else ("", "", "")
        return head + comma + to_base64(self._raw(from_base64(data) or b"", where))

    def in_part(self, part: Part, *, declared: bool) -> Part:
        """See ``Images``."""
        return replace(part, content=self._raw(part.content, part.name)) if declared else part

    def in_body(self, message: Message, *, declared: bool) -> Message:
        """See ``Images``."""
        return Message(self._raw(message.content, "the body"), message.headers) if declared else message

    def _raw(self, content: bytes, where: str) -> bytes:
        height, width = self.settings.size
        dtype = np.dtype("u1" if self.settings.dtype == "uint8" else "<f4")
        if len(content) != height * width * 3 * dtype.itemsize:
            raise Refusal(
                f"{where!r} has {len(content)} bytes, expected {dtype.name} of {height} x {width} pixels; "
                "say --option input_size"
            )
        shape = (height, width, 3) if self.settings.layout == "hwc" else (3, height, width)
        return self._file(self._prompted(np.frombuffer(content, dtype).reshape(shape), where))

    def _file(self, image: UInt8) -> bytes:
        try:
            return self._encode.file(image)
        except DataError as error:
            raise Refusal(str(error)) from error

    def _prompted(self, values: np.ndarray, where: str) -> UInt8:
        last = values if self.settings.layout == "hwc" else np.moveaxis(values, 0, -1)
        if last.ndim != 3 or last.shape[2] != 3 or 0 in last.shape:
            raise Refusal(f"{where!r} has the shape {values.shape}, expected an image, {self.settings.layout}")
        try:
            levels = self._levels(last)
        except ValueError as error:
            raise Refusal(f"{where!r} holds {error}, expected them as the adapter's [image] makes them") from error
        self.count += 1
        prompted: UInt8 = self.lay(levels[None])[0]
        return prompted

    def _levels(self, values: np.ndarray) -> UInt8:
        if self.settings.dtype == "uint8":
            return levels_of(values, scale=1.0, mean=0.0, std=1.0)
        return levels_of(values, scale=self.settings.scale, mean=self.settings.mean, std=self.settings.std)


def _quick(encode: Encoder, image: UInt8) -> bytes:
    """A PNG; where it is too large for the service, the smaller one that the adapter itself would send."""
    file = quick_png(image)
    return file if len(file) <= encode.settings.max_bytes else encode.file(image)


def _array(value: Any, where: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refusal(f"{where!r} is no nest of numbers, expected an image as one") from error


def make_images(settings: Image, lay: Lay, fetch: Fetch) -> Images:
    """Return what prompts the images of one request."""
    if settings.encoding == "tensor":
        return TensorImages(settings, lay)
    return FileImages(settings, lay, fetch)
