"""What can happen to a prompt's PNG, and what a reader must then do. One line of ``MUTATIONS`` each."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

from benchmarks.fuzz.png import HEAD, Header, Parts, filtered, join, take_apart

END = 12
"""Bytes of the last chunk, which carries nothing: a reader need not miss it."""


class Must(StrEnum):
    """What a reader owes a mutant."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A PNG, what was done to it, and what a reader must do; whatever it accepts, it must lay rightly."""

    kind: str
    must: Must
    png: bytes


Mutate = Callable[[Parts, Random], bytes]


def mutants(pngs: Sequence[bytes], *, count: int, seed: int) -> Iterator[tuple[int, Mutant]]:
    """``count`` mutants of ``pngs``, every kind in turn, each with the number of the PNG that it comes from."""
    rng, parts = Random(seed), [take_apart(png) for png in pngs]
    kinds = list(MUTATIONS.items())
    for index in range(count):
        name, (must, mutate) = kinds[index % len(kinds)]
        origin = rng.randrange(len(parts))
        yield origin, Mutant(name, must, mutate(parts[origin], rng))


def _flip(parts: Parts, rng: Random) -> bytes:
    png = bytearray(parts.png())
    png[rng.randrange(len(png) - END)] ^= rng.randrange(1, 256)
    return bytes(png)


def _cut(parts: Parts, rng: Random) -> bytes:
    png = parts.png()
    return png[: rng.randrange(len(png) - END)]


def _splice(parts: Parts, rng: Random) -> bytes:
    png, at = parts.png(), rng.randrange(len(parts.png()))
    return png[:at] + rng.randbytes(rng.randrange(20)) + png[at + rng.randrange(20) :]


def _noise(_: Parts, rng: Random) -> bytes:
    return b"\x89PNG\r\n\x1a\n" * rng.randrange(2) + rng.randbytes(rng.randrange(400))


def _spliced(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.randrange(4)) + data[at + rng.randrange(4) :]


def _splice_json(parts: Parts, rng: Random) -> bytes:
    return replace(parts, json=_spliced(parts.json, rng)).png()


def _splice_pixels(parts: Parts, rng: Random) -> bytes:
    head, text, (_, packed), end = parts.chunks()
    return join([head, text, (b"IDAT", _spliced(packed, rng)), end])


def _splice_header(parts: Parts, rng: Random) -> bytes:
    (_, header), *rest = parts.chunks()
    return join([(b"IHDR", bytes(b ^ rng.choice([0, 0, 0, rng.randrange(256)]) for b in header)), *rest])


def _drop(parts: Parts, rng: Random) -> bytes:
    chunks = parts.chunks()
    del chunks[rng.randrange(3)]
    return join(chunks)


def _two_texts(parts: Parts, _: Random) -> bytes:
    head, text, *rest = parts.chunks()
    return join([head, text, text, *rest])


def _shuffle(parts: Parts, rng: Random) -> bytes:
    chunks = parts.chunks()
    rng.shuffle(chunks)
    return join(chunks)


def _ancillary(parts: Parts, rng: Random) -> bytes:
    chunks = parts.chunks()
    extra = rng.choice(
        [(b"tEXt", b"Comment\0a word"), (b"tIME", bytes([7, 234, 1, 2, 3, 4, 5])), (b"prVt", b"own")]
    )
    return join([chunks[0], extra, *chunks[1:]])


def _many_idats(parts: Parts, rng: Random) -> bytes:
    head, text, _, end = parts.chunks()
    packed, at = zlib.compress(parts.rows, rng.randrange(10)), rng.randrange(1, 30)
    return join([head, text, *((b"IDAT", packed[i : i + at]) for i in range(0, len(packed), at)), end])


def _filters(parts: Parts, rng: Random) -> bytes:
    kinds = [rng.randrange(5) for _ in range(parts.header.height)]
    stride = parts.header.width * parts.channels
    return replace(parts, rows=filtered(parts.rows, stride, parts.channels, kinds)).png()


def _few_rows(parts: Parts, rng: Random) -> bytes:
    return replace(parts, rows=parts.rows[: rng.randrange(len(parts.rows))]).png()


def _swelling_pixels(parts: Parts, rng: Random) -> bytes:
    return replace(parts, rows=parts.rows + bytes(rng.choice([1, 10**4, 5 * 10**7]))).png()


def _swelling_text(parts: Parts, rng: Random) -> bytes:
    head, _, *rest = parts.chunks()
    packed = zlib.compress(b" " * rng.choice([10**4, 5 * 10**7]) + parts.json)
    return join([head, (b"iTXt", HEAD[:9] + b"\1" + HEAD[10:] + packed), *rest])


def _claim(parts: Parts, rng: Random) -> bytes:
    sides = [2**11 + 1, 2**16, 2**31 - 1, 2**32 - 1]
    header = replace(parts.header, width=rng.choice(sides), height=rng.choice(sides))
    return replace(parts, header=header, json=_changed(parts, input_size=[header.height, header.width])).png()


def _large(parts: Parts, _: Random) -> bytes:
    side = 2**11
    rows = bytes(side * (1 + side * parts.channels))
    header = replace(parts.header, width=side, height=side)
    return Parts(header, _changed(parts, input_size=[side, side]), rows).png()


def _coded(depth: int, colour: int, channels: int) -> Mutate:
    """The same rows said to be of another kind, with as many bytes as that takes."""

    def mutate(parts: Parts, _: Random) -> bytes:
        width, height = parts.header.width, parts.header.height
        rows = bytes(height * (1 + width * channels * depth // 8))
        header = Header(width, height, depth, colour)
        chunks = Parts(header, parts.json, rows).chunks()
        palette = [(b"PLTE", bytes(range(30)))] if colour == 3 else []
        return join([*chunks[:2], *palette, *chunks[2:]])

    return mutate


def _json(*changes: dict[str, Any]) -> Mutate:
    def mutate(parts: Parts, rng: Random) -> bytes:
        return replace(parts, json=_changed(parts, **rng.choice(changes))).png()

    return mutate


def _nested(parts: Parts, rng: Random) -> bytes:
    return replace(parts, json=rng.choice([b"[", b'{"version":']) * 100_000).png()


def _reordered(parts: Parts, rng: Random) -> bytes:
    items = list(json.loads(parts.json).items())
    rng.shuffle(items)
    return replace(parts, json=json.dumps(dict(items), indent=rng.randrange(4)).encode()).png()


def _other_blend(parts: Parts, _: Random) -> bytes:
    return replace(parts, json=_changed(parts, blend="over" if parts.channels == 3 else "add")).png()


def _turned(parts: Parts, _: Random) -> bytes:
    return replace(parts, json=_changed(parts, input_size=[parts.header.width, parts.header.height])).png()


def _adler(parts: Parts, _: Random) -> bytes:
    head, text, (kind, packed), end = parts.chunks()
    return join([head, text, (kind, packed[:-1] + bytes([packed[-1] ^ 1])), end])


def _changed(parts: Parts, **changes: Any) -> bytes:
    return json.dumps(json.loads(parts.json) | changes, ensure_ascii=False).encode()


RANDOM_PATCH = {"name": "random-patch", "size": 3, "seed": 0}
MUTATIONS: dict[str, tuple[Must, Mutate]] = {
    "a byte changed": (Must.REFUSE, _flip),
    "cut short": (Must.REFUSE, _cut),
    "bytes spliced": (Must.EITHER, _splice),
    "noise": (Must.REFUSE, _noise),
    "JSON spliced, checksum right": (Must.EITHER, _splice_json),
    "compressed pixels spliced, checksum right": (Must.EITHER, _splice_pixels),
    "header changed, checksum right": (Must.EITHER, _splice_header),
    "a chunk missing": (Must.REFUSE, _drop),
    "two prompts": (Must.REFUSE, _two_texts),
    "chunks shuffled": (Must.EITHER, _shuffle),
    "a chunk more": (Must.ACCEPT, _ancillary),
    "other compression, many IDAT": (Must.ACCEPT, _many_idats),
    "other filters": (Must.ACCEPT, _filters),
    "JSON in another order": (Must.ACCEPT, _reordered),
    "rows missing": (Must.REFUSE, _few_rows),
    "pixels that swell": (Must.EITHER, _swelling_pixels),
    "text that swells": (Must.EITHER, _swelling_text),
    "wrong checksum inside the pixels": (Must.EITHER, _adler),
    "a claimed size": (Must.REFUSE, _claim),
    "the largest size": (Must.EITHER, _large),
    "16 bits": (Must.REFUSE, _coded(16, 2, 3)),
    "16 bits and alpha": (Must.REFUSE, _coded(16, 6, 4)),
    "grey": (Must.REFUSE, _coded(8, 0, 1)),
    "a palette": (Must.REFUSE, _coded(8, 3, 1)),
    "another version": (Must.REFUSE, _json({"version": 2}, {"version": "1"}, {"version": None}, {"version": 1.5})),
    "another blend": (Must.REFUSE, _other_blend),
    "another size": (Must.REFUSE, _turned),
    "JSON of another shape": (Must.REFUSE, _json({"template": []}, {"input_size": [12]}, {"blend": ["add"]})),
    "JSON too deep": (Must.REFUSE, _nested),
    "a random patch": (Must.EITHER, _json({"template": RANDOM_PATCH})),
}
