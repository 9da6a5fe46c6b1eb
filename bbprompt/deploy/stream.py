"""Images from one binary stream to another: one of any kind, or PPM after PPM, as FFmpeg pipes them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from bbprompt.data.files import READ_ERRORS, to_rgb
from bbprompt.deploy.laying import Laying
from bbprompt.errors import DataError
from bbprompt.quick_png import quick_png

HEADER = re.compile(rb"P6\s+(\d{1,6})\s+(\d{1,6})\s+255\s")
MAX_HEADER = 40
MAX_BYTES = 2**29


def lay_stream(laying: Laying, source: BinaryIO, target: BinaryIO) -> int:
    """Lay over what ``source`` holds until it ends; return how many images that were.

    PPM (P6, 8 bits), any number of them, come out as PPM, each as soon as it is there; one image of any other kind
    comes out as a PNG.

    Raises:
        DataError: something that is no image, or a part of one.
    """
    if (start := source.read(2)) != b"P6":
        _lay_image(laying, start + source.read(MAX_BYTES), target)
        return 1
    count = 0
    for image in _ppms(source):
        Image.fromarray(laying(image)).save(target, "PPM")
        target.flush()
        count += 1
    return count


def _lay_image(laying: Laying, data: bytes, target: BinaryIO) -> None:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            image = to_rgb(opened, at_least=laying.at_least)
    except READ_ERRORS as error:
        raise DataError(f"standard input is not an image that can be read ({error})") from error
    target.write(quick_png(laying(image)))
    target.flush()


def _ppms(source: BinaryIO) -> Iterator[Image.Image]:
    """Every PPM of a stream whose first two bytes, ``P6``, were read."""
    start = b"P6"
    while start == b"P6":
        size = _size(source)
        yield Image.frombytes("RGB", size, _exactly(source, size[0] * size[1] * 3))
        start = source.read(2)
    if start:
        raise DataError(f"standard input goes on with {start!r} after an image, expected another PPM (P6)")


def _size(source: BinaryIO) -> tuple[int, int]:
    header = b"P6"
    while not (found := HEADER.fullmatch(header)):
        byte = source.read(1)
        if not byte or len(header) > MAX_HEADER:
            raise DataError(f"standard input holds {header!r}, expected a PPM: P6, width, height, 255")
        header += byte
    width, height = int(found[1]), int(found[2])
    if not 0 < width * height * 3 <= MAX_BYTES:
        raise DataError(f"standard input holds a PPM of {width}x{height} pixels, expected at most {MAX_BYTES // 3}")
    return width, height


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise DataError(
            f"standard input ended within an image, {size - len(data)} bytes short; what was whole is laid"
        )
    return data
