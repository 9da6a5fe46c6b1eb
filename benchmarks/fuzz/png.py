"""PNGs taken apart and put together again, with right checksums where they are wanted."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEAD = b"bbprompt\0\0\0\0\0"
"""What stands before the JSON in the text chunk: keyword, not compressed, no language, no translated keyword."""


@dataclass(frozen=True, slots=True)
class Header:
    """IHDR."""

    width: int
    height: int
    depth: int = 8
    colour: int = 2
    interlace: int = 0

    def chunk(self) -> tuple[bytes, bytes]:
        """As a chunk."""
        parts = self.width, self.height, self.depth, self.colour, 0, 0, self.interlace
        return b"IHDR", struct.pack(">IIBBBBB", *parts)


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt's PNG: header, the JSON, and the filtered rows before compression."""

    header: Header
    json: bytes
    rows: bytes

    @property
    def channels(self) -> int:
        """Per pixel."""
        return {2: 3, 6: 4}[self.header.colour]

    def chunks(self) -> list[tuple[bytes, bytes]]:
        """As a writer would write them."""
        return [
            self.header.chunk(),
            (b"iTXt", HEAD + self.json),
            (b"IDAT", zlib.compress(self.rows)),
            (b"IEND", b""),
        ]

    def png(self) -> bytes:
        """The file."""
        return join(self.chunks())


def join(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A file of chunks, each with its right checksum."""
    framed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return SIGNATURE + b"".join(framed)


def split(png: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a whole file."""
    chunks, at = [], len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def take_apart(png: bytes) -> Parts:
    """The parts of a PNG that bbprompt wrote; its rows come without a filter."""
    found = dict(split(png))
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", found[b"IHDR"])
    parts = Parts(Header(width, height, depth, colour, interlace), found[b"iTXt"].removeprefix(HEAD), b"")
    packed = b"".join(data for kind, data in split(png) if kind == b"IDAT")
    return replace(parts, rows=_unfiltered(zlib.decompress(packed), width * parts.channels, parts.channels))


def _unfiltered(rows: bytes, stride: int, step: int) -> bytes:
    out, above = bytearray(), bytearray(stride)
    for start in range(0, len(rows), stride + 1):
        row = bytearray(rows[start + 1 : start + 1 + stride])
        for x in range(stride):
            a, c = (row[x - step], above[x - step]) if x >= step else (0, 0)
            row[x] = (row[x] + _guess(rows[start], a, above[x], c)) % 256
        out += b"\0" + row
        above = row
    return bytes(out)


def filtered(rows: bytes, stride: int, step: int, kinds: list[int]) -> bytes:
    """Rows without a filter, as ``take_apart`` gives them, under one of the filters 0..4 each."""
    out, above = bytearray(), bytes(stride)
    for start, kind in zip(range(0, len(rows), stride + 1), kinds, strict=True):
        row = rows[start + 1 : start + 1 + stride]
        left, corner = bytes(step) + row, bytes(step) + above
        out.append(kind)
        out += bytes((row[x] - _guess(kind, left[x], above[x], corner[x])) % 256 for x in range(stride))
        above = row
    return bytes(out)


def _guess(kind: int, a: int, b: int, c: int) -> int:
    near = min((a, b, c), key=lambda value: abs(a + b - c - value))  # min takes the first of equals, as PNG does
    return (0, a, b, (a + b) // 2, near)[kind]
