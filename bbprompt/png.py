"""8-bit PNGs with one text chunk: checksums, layout and size are checked before a pixel is decoded.

Pillow reads more than the format allows, and some damage as well: it strips 16 bits to 8, takes the last of two
texts, and leaves rows black that a short stream does not fill. So the chunks are walked here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from bbprompt.arrays import UInt8
from bbprompt.errors import OverlayError

MAX_PIXELS = 2**22
"""No classifier takes more; a few kilobytes of PNG can claim any size."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = frozenset({b"iTXt", b"tEXt", b"zTXt"})
DEPTH, INTERLACE = 8, 12
"""Where IHDR holds the bits of a channel, and whether the rows are interlaced."""


def encode_png(pixels: UInt8, *, key: str, text: bytes) -> bytes:
    """Return a PNG of ``pixels``, uint8 (h, w, 3) or (h, w, 4), with UTF-8 ``text`` in an iTXt chunk before them.

    The text is not compressed: Pillow reads no compressed chunk above a megabyte, and a label map may be larger.
    """
    info = PngInfo()
    info.add_itxt(key, text)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info, optimize=True)
    return buffer.getvalue()


def open_png(data: bytes) -> PngImageFile:
    """Open a PNG whose checksums are right and whose layout and size are sane; decode nothing yet.

    Raises:
        OverlayError: it is no PNG, damaged, animated, too large, interlaced, not of 8 bits, or says a thing twice.
    """
    try:
        PngImageFile(io.BytesIO(data)).verify()
        image, chunks = PngImageFile(io.BytesIO(data)), list(_chunks(data))
    except Exception as error:  # Pillow tells damage by many types, SyntaxError and struct.error among them
        raise OverlayError(f"not a PNG, or a damaged one ({error}); give the prompt.png of a run") from error
    if image.is_animated:
        raise OverlayError("an animated PNG, expected a still one; give the prompt.png of a run")
    if image.width * image.height > MAX_PIXELS:
        raise OverlayError(f"a PNG of {image.width}x{image.height} pixels, expected at most {MAX_PIXELS} of them")
    _check_layout(chunks)
    _check_rows(chunks, image)
    return image


def decode_png(image: PngImageFile) -> UInt8:
    """Decode the pixels: uint8, shape (h, w, channels).

    Raises:
        OverlayError: they are damaged.
    """
    try:
        return np.asarray(image)
    except Exception as error:  # as above
        raise OverlayError(f"a PNG with damaged pixels ({error}); give the prompt.png of a run") from error


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND" and at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _check_layout(chunks: Sequence[tuple[bytes, bytes]]) -> None:
    kind, header = chunks[0]
    if kind != b"IHDR" or header[DEPTH] != 8 or header[INTERLACE] != 0:
        raise OverlayError("a PNG that is interlaced or not of 8 bits a channel; was it converted by an editor?")
    texts = Counter(content.partition(b"\0")[0] for kind, content in chunks if kind in TEXTS)
    for name, times in texts.items():
        if times > 1:
            raise OverlayError(
                f"a PNG with {times} texts named {name!r}, expected one; give the prompt.png of a run"
            )


def _check_rows(chunks: Sequence[tuple[bytes, bytes]], image: PngImageFile) -> None:
    """Refuse pixels that are too few, too many or damaged, without holding more of them than there should be."""
    expected = image.height * (1 + image.width * len(image.getbands()))
    packed = b"".join(content for kind, content in chunks if kind == b"IDAT")
    stream = zlib.decompressobj()
    try:
        found = len(stream.decompress(packed, expected + 1))
    except zlib.error as error:
        raise OverlayError(f"a PNG with damaged pixels ({error}); give the prompt.png of a run") from error
    if found != expected or not stream.eof:
        raise OverlayError(f"a PNG whose pixels are cut short or go on too long, expected {expected} bytes of them")
