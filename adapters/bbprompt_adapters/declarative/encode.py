"""From one 8-bit RGB image to what a request holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pybase64
from PIL import Image as Pillow

from bbprompt.arrays import UInt8
from bbprompt.errors import DataError
from bbprompt.quick_png import quick_png
from bbprompt_adapters.declarative.schema import Image
from bbprompt_adapters.json_array import json_array

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "tensor": "application/octet-stream"}

Encoded = bytes | str | msgspec.Raw


@dataclass(frozen=True, slots=True)
class Encoder:
    """Encodes as an adapter's ``[image]`` says. The same pixels become the same bytes."""

    settings: Image

    @property
    def media_type(self) -> str:
        """Of the encoded bytes."""
        return MEDIA_TYPES[self.settings.encoding]

    def __call__(self, image: UInt8) -> Encoded:
        """Return one image, uint8 (h, w, 3), as ``{image}``.

        Raises:
            DataError: it takes more bytes than the service accepts. Nothing was sent.
        """
        if self.settings.form == "list":
            return json_array(self._tensor(image))
        return FORMS[self.settings.form](self.file(image), self.media_type)

    def file(self, image: UInt8) -> bytes:
        """Return the bytes of one image, uint8 (h, w, 3), before they are written as text.

        Raises:
            DataError: see above.
        """
        content = self._tensor(image).tobytes() if self.settings.encoding == "tensor" else self._compress(image)
        if len(content) > self.settings.max_bytes:
            raise DataError(
                f"an image takes {len(content)} bytes as {self.settings.encoding}, the service accepts "
                f"{self.settings.max_bytes}; choose a smaller input_size"
            )
        return content

    def _compress(self, image: UInt8) -> bytes:
        if self.settings.encoding == "png":
            # A prompt's pixels hardly compress, and the time would be missed on fast endpoints.
            return quick_png(image)
        file = io.BytesIO()
        # Colours at full resolution, or a prompt would lose three quarters of them.
        Pillow.fromarray(image).save(file, "jpeg", quality=self.settings.quality, subsampling=0)
        return file.getvalue()

    def _tensor(self, image: UInt8) -> np.ndarray:
        pixels: np.ndarray = image
        if self.settings.dtype == "float32":
            mean, std = (np.asarray(v, np.float32) for v in (self.settings.mean, self.settings.std))
            pixels = ((image * np.float32(self.settings.scale) - mean) / std).astype("<f4")
        return np.ascontiguousarray(pixels if self.settings.layout == "hwc" else pixels.transpose(2, 0, 1))


FORMS: dict[str, Callable[[bytes, str], bytes | str]] = {
    "bytes": lambda content, _: content,
    "base64": lambda content, _: pybase64.b64encode_as_string(content),
    "data-uri": lambda content, kind: f"data:{kind};base64,{pybase64.b64encode_as_string(content)}",
}
