"""Feed mutants to readers and judge each answer."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from PIL import Image

from benchmarks.fuzz.mutants import Must, Mutant, mutants
from benchmarks.fuzz.readers import Answer, Reader, commands

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "v1"
SHRINK_FRAME = 3
ONLY_BBPROMPT = "a random patch"
"""Laid in a place that depends on the photo; no other reader lays it."""


class Tally(msgspec.Struct, kw_only=True):
    """What one reader did.

    Attributes:
        laid: mutants over which it laid the right pixels.
        refused: mutants that it refused with a message.
        wrong: what it must not have done, as "kind: what"; empty if all is well.
        peak_mb: most resident memory, in megabytes.
    """

    laid: int = 0
    refused: int = 0
    wrong: list[str] = []
    peak_mb: float = 0.0


def fuzz(*, count: int, seed: int, sanitize: bool, only: Sequence[str] = ()) -> Mapping[str, Tally]:
    """Feed ``count`` mutants to every reader that this machine can run, or to ``only`` these."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    subjects = [_subject(path) for path in sorted(GOLDEN.glob("*.png")) if not _excluded(path.stem)]
    with TemporaryDirectory() as folder:
        chosen = {n: c for n, c in commands(Path(folder), sanitize=sanitize).items() if not only or n in only}
        readers = {name: Reader(command) for name, command in chosen.items()}
        tallies = {name: Tally() for name in readers}
        try:
            for origin, mutant in mutants([subject.png for subject in subjects], count=count, seed=seed):
                subject = subjects[origin]
                for name, reader in readers.items():
                    _judge(tallies[name], mutant, subject, reader.ask(subject.photo, mutant.png))
        finally:
            for name, reader in readers.items():
                reader.close()
                tallies[name].peak_mb = round(reader.peak_mb, 1)
    return tallies


def _excluded(stem: str) -> bool:
    return stem.endswith(".laid") or stem.startswith("random-patch")


@dataclass(frozen=True, slots=True)
class Subject:
    """A golden prompt, a photo (PPM) of the size that it wants, and the frame of grey around it, in pixels."""

    png: bytes
    photo: bytes
    frame: int


def _subject(prompt: Path) -> Subject:
    with Image.open(prompt) as png:
        frame = SHRINK_FRAME if "shrink" in prompt.stem else 0
        shape = (png.height - 2 * frame, png.width - 2 * frame, 3)
    buffer = io.BytesIO()
    Image.fromarray((np.arange(np.prod(shape)) ** 2 % 256).astype(np.uint8).reshape(shape)).save(buffer, "PPM")
    return Subject(prompt.read_bytes(), buffer.getvalue(), frame)


def _judge(tally: Tally, mutant: Mutant, subject: Subject, answer: Answer) -> None:
    if answer.what == "laid" and (mutant.must is Must.REFUSE or not _right(mutant, subject, answer.content)):
        tally.wrong.append(f"{mutant.kind}: {'laid' if mutant.must is Must.REFUSE else 'other pixels'}")
    elif answer.what == "laid":
        tally.laid += 1
    elif answer.what == "refused" and mutant.must is not Must.ACCEPT and answer.content:
        tally.refused += 1
    else:
        tally.wrong.append(f"{mutant.kind}: {answer.what} {answer.content[:80]!r}")


def _right(mutant: Mutant, subject: Subject, laid: bytes) -> bool:
    """Whether the pixels are those of the format's formula, from Pillow's decoder alone."""
    if mutant.kind == ONLY_BBPROMPT:
        return True
    try:
        pixels = np.asarray(Image.open(io.BytesIO(mutant.png))).astype(int)
    except (OSError, ValueError, SyntaxError):  # no pixels are right for it
        return False
    height, width, channels = pixels.shape
    frame = subject.frame
    inside = (width - 2 * frame, height - 2 * frame)
    photo = Image.open(io.BytesIO(subject.photo)).resize(inside, Image.Resampling.BILINEAR)
    under = np.pad(np.asarray(photo), [(frame, frame), (frame, frame), (0, 0)], constant_values=128)
    if channels == 3:
        expected = np.clip(under + pixels - 128, 0, 255)
    else:
        expected = np.where(pixels[..., 3:] == 255, pixels[..., :3], under)
    return bool(laid == expected.astype(np.uint8).tobytes())
