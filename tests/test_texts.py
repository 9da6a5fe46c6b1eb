"""Text encoders by name: files are looked up exactly, and what they lack is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.errors import ConfigError
from bbprompt.texts import Remembered, known_texts, open_text_encoder

EMBEDDINGS = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])


def written(path: Path, **arrays: Any) -> str:
    np.savez(path / "words.npz", **arrays)
    return f"npz:{path / 'words.npz'}"


def test_a_file_is_looked_up_whatever_the_case(tmp_path: Path) -> None:
    encode = open_text_encoder(written(tmp_path, texts=["Cat", "dog", "crane"], embeddings=EMBEDDINGS))
    np.testing.assert_array_equal(encode(["dog", "CAT", "dog"]), EMBEDDINGS[[1, 0, 1]])


def test_an_encoder_embeds_each_text_once() -> None:
    embedded: list[str] = []

    def encode(texts: Sequence[str]) -> np.ndarray:
        embedded.extend(texts)
        return np.array([[len(text), 1.0] for text in texts])

    remembered = Remembered(encode)
    np.testing.assert_array_equal(remembered(["cat", "horse", "cat"]), [[3, 1], [5, 1], [3, 1]])
    np.testing.assert_array_equal(remembered(["dog", "horse"]), [[3, 1], [5, 1]])
    assert embedded == ["cat", "horse", "dog"]


def test_of_equal_texts_the_first_counts() -> None:
    np.testing.assert_array_equal(known_texts(["crane", "dog", "crane"], EMBEDDINGS)(["crane"]), EMBEDDINGS[:1])


def test_a_text_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown text 'dgo'; did you mean 'dog'"):
        known_texts(["cat", "dog", "crane"], EMBEDDINGS)(["dgo"])
    with pytest.raises(ConfigError, match="the text embeddings lack 'dog'; embed every class"):
        known_texts([str(i) for i in range(60)], np.ones((60, 2)))(["dog"])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"texts": ["a"]}, "holds no array .*embeddings"),
        ({"texts": ["a"], "embeddings": EMBEDDINGS}, r"got 1 texts and shape \(3, 2\)"),
        ({"texts": ["a", "b", "c"], "embeddings": EMBEDDINGS * [[1], [0], [1]]}, "an embedding is zero"),
        ({"texts": ["a", "b", "c"], "embeddings": EMBEDDINGS * np.nan}, "an embedding is zero, NaN"),
    ],
)
def test_files_that_hold_something_else_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_text_encoder(written(tmp_path, **arrays))


def test_missing_files_and_foreign_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*give an npz file"):
        open_text_encoder(f"npz:{tmp_path / 'nowhere.npz'}")
    (tmp_path / "junk.npz").write_bytes(b"junk")
    with pytest.raises(ConfigError, match="no npz file of plain arrays"):
        open_text_encoder(f"npz:{tmp_path / 'junk.npz'}")


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown text encoder 'nobody'"):
        open_text_encoder("nobody")
