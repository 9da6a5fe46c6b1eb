"""Text encoders by name: embeddings of words from a file, or an installed encoder.

A file is an npz of ``texts``, strings of shape (n,), and ``embeddings``, floats of shape (n, e): what was embedded
once, anywhere, serves for ever, and needs no model.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.labelmaps import TextEncoder
from bbprompt.names import unknown
from bbprompt.registry import find_text_encoder

FILE = "npz:"


@dataclass(frozen=True, slots=True, eq=False)
class KnownTexts:
    """Embeddings that are looked up.

    Attributes:
        rows: the row of each text, in lower case.
        embeddings: float64, shape (n, e).
    """

    rows: dict[str, int]
    embeddings: Float

    def __call__(self, texts: Sequence[str]) -> Float:
        """Embed texts (n) that are known: float64, shape (n, e).

        Raises:
            ConfigError: a text that is not among them.
        """
        wanted = [text.lower() for text in texts]
        for text in wanted:
            if text not in self.rows:
                raise unknown("text", text, self.rows) if len(self.rows) < 50 else _lacks(text)
        return self.embeddings[[self.rows[text] for text in wanted]]


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """An encoder that embeds each text once, however often maps are fitted.

    Attributes:
        encode: from texts (n) to embeddings (n, e).
        known: embeddings so far, of shape (e,) each.
    """

    encode: TextEncoder
    known: dict[str, Float] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> Float:
        """Embed texts (n): shape (n, e)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self.known]
        if fresh:
            self.known.update(zip(fresh, self.encode(fresh), strict=True))
        return np.stack([self.known[text] for text in texts])


@cache
def open_text_encoder(name: str) -> TextEncoder:
    """Open "npz:FILE", or the installed encoder of that name.

    Raises:
        ConfigError: no such encoder, or a file that cannot be used.
    """
    if not name.startswith(FILE):
        return Remembered(find_text_encoder(name))
    texts, embeddings = _read(Path(name.removeprefix(FILE)).expanduser())
    return known_texts(texts, embeddings)


def known_texts(texts: Sequence[str], embeddings: Float) -> KnownTexts:
    """Return what looks ``texts`` (n) up in ``embeddings`` (n, e). Of equal texts the first counts.

    Raises:
        ConfigError: not one embedding per text, or one that is zero or not finite.
    """
    embeddings = np.asarray(embeddings, dtype=np.float64)
    if embeddings.ndim != 2 or len(embeddings) != len(texts):
        raise ConfigError(f"expected one embedding per text, got {len(texts)} texts and shape {embeddings.shape}")
    if not np.isfinite(embeddings).all() or not embeddings.any(axis=1).all():
        raise ConfigError("an embedding is zero, NaN or infinite, so it points nowhere; embed the texts again")
    rows = {text.lower(): row for row, text in reversed(list(enumerate(texts)))}
    return KnownTexts(rows, embeddings)


def _lacks(text: str) -> ConfigError:
    return ConfigError(f"the text embeddings lack {text!r}; embed every class and every oracle label")


def _read(path: Path) -> tuple[list[str], Float]:
    fix = "give an npz file with the arrays 'texts' and 'embeddings'"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return [str(text) for text in arrays["texts"]], arrays["embeddings"]
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}; {fix}") from error
    except KeyError as error:
        raise ConfigError(f"{path} holds no array {error}; {fix}") from error
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} is no npz file of plain arrays; {fix}") from error
