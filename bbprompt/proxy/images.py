"""Image files in a message: whole ones, and those that a text holds as a data URI, as base64, or by their address."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pybase64
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.data.files import READ_ERRORS, to_rgb
from bbprompt.errors import DataError
from bbprompt.proxy.dialect import Fetch, Lay, Refusal
from bbprompt.quick_png import quick_png

Form: TypeAlias = Literal["data-uri", "base64"]

DATA_URI = re.compile(r"\s*data:[^,]*;base64,", re.IGNORECASE)
IMAGE_URI = re.compile(r"\s*data:image/", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
SHORTEST = 48
"""Characters of base64 below which no image fits."""

ADDRESS = re.compile(r"(https?|gs|s3|ftp)://\S+", re.IGNORECASE)
IMAGE_KEY = re.compile(r"image|img|photo|picture|url|uri", re.IGNORECASE)
IMAGE_NAME = re.compile(r"[^?#]*\.(png|jpe?g|webp|gif|bmp|tiff?)([?#].*)?", re.IGNORECASE)


@dataclass(slots=True)
class Files:
    """Lays the prompt over files that are images, and counts them.

    Attributes:
        lay: the prompt.
        encode: makes a file of a prompted image (h, w, 3).
        media_type: of such a file.
        count: files prompted so far.
    """

    lay: Lay
    encode: Callable[[UInt8], bytes] = quick_png
    media_type: str = "image/png"
    count: int = 0

    def __call__(self, data: bytes) -> bytes | None:
        """The file of the prompted image; ``None`` where ``data`` is no image.

        Raises:
            Refusal: it is one, but cannot be read, or not be sent.
        """
        try:
            opened = Image.open(io.BytesIO(data))
        except READ_ERRORS as error:
            if isinstance(error, Image.DecompressionBombError):
                raise Refusal("an image of too many pixels") from error
            return None
        try:
            pixels = np.asarray(to_rgb(opened))
        except (*READ_ERRORS, DataError) as error:
            raise Refusal(f"an image that cannot be read ({error})") from error
        self.count += 1
        try:
            return self.encode(self.lay(pixels[None])[0])
        except DataError as error:
            raise Refusal(str(error)) from error


@dataclass(frozen=True, slots=True)
class Texts:
    """Lays the prompt over images that texts hold."""

    files: Files
    fetch: Fetch

    def image(self, text: str, *, where: str, form: Form) -> str:
        """The text of an image where one must stand; ``form`` is what an address becomes.

        Raises:
            Refusal: it is none, or one that cannot be prompted.
        """
        if is_address(text):
            return self._prompted(self._fetched(text, where), form, where)
        if uri := DATA_URI.match(text):
            return self._prompted(from_base64(text[uri.end() :]) or b"", "data-uri", where)
        return self._prompted(from_base64(text) or b"", "base64", where)

    def anything(self, text: str, *, key: str) -> str:
        """The text as it is, unless it looks like an image.

        Raises:
            Refusal: it does, and cannot be prompted.
        """
        if (is_address(text) and names_an_image(text, key)) or IMAGE_URI.match(text):
            return self.image(text, where=key, form="data-uri")
        uri = DATA_URI.match(text)
        data = from_base64(text[uri.end() :] if uri else text) if len(text) >= SHORTEST else None
        file = self.files(data) if data else None
        return text if file is None else self._written(file, "data-uri" if uri else "base64")

    def _fetched(self, text: str, where: str) -> bytes:
        try:
            return self.fetch(text.strip())
        except Refusal as refusal:
            raise Refusal(f"{where!r} is an address, and {refusal}") from refusal

    def _prompted(self, data: bytes, form: Form, where: str) -> str:
        file = self.files(data)
        if file is None:
            raise Refusal(f"{where!r} holds no image that can be read")
        return self._written(file, form)

    def _written(self, file: bytes, form: Form) -> str:
        prefix = f"data:{self.files.media_type};base64," if form == "data-uri" else ""
        return prefix + to_base64(file)


def is_address(text: str) -> bool:
    """Whether a text is a URL and nothing else."""
    return ADDRESS.fullmatch(text.strip()) is not None


def names_an_image(address: str, key: str) -> bool:
    """Whether an address, found under a key, is an image's by the looks of either."""
    return IMAGE_KEY.search(key) is not None or IMAGE_NAME.fullmatch(address.strip()) is not None


def to_base64(data: bytes) -> str:
    """Return base64, standard alphabet."""
    return pybase64.b64encode_as_string(data)


def from_base64(text: str) -> bytes | None:
    """Return what base64 of either alphabet stands for, padded or not; ``None`` where it is none."""
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:  # another alphabet, line breaks, no padding, or none at all
        return _from_loose_base64("".join(text.split()))


def _from_loose_base64(text: str) -> bytes | None:
    if not BASE64.fullmatch(text):
        return None
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return pybase64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return None
