"""A path that finds nothing is named, with what was there instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bbprompt.errors import AnswerError
from bbprompt_adapters.declarative.answer import make_reader
from bbprompt_adapters.declarative.schema import Answer

BODY = {"predictions": [{"name": "cat", "p": 0.75}, {"name": "dog", "p": 0.25}]}
RIGHT = {"path": "predictions", "label": "name", "score": "p"}


def rows(**changed: str) -> Any:
    settings = Answer(kind="probabilities", shape="list", **{**RIGHT, **changed})
    reader = make_reader(settings, ("cat", "dog"), fill=None)
    return reader.rows(reader.items(BODY, 1))


def test_what_is_there_is_read() -> None:
    np.testing.assert_array_equal(rows(), [[0.75, 0.25]])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"path": "pred"}, r"\[answer\] path = 'pred' looked in an object with the keys 'predictions'"),
        ({"label": "nme"}, r"\[answer\] label = 'nme' looked in an object with the keys 'name', 'p'"),
        ({"score": "prob"}, r"\[answer\] score = 'prob' looked in an object with the keys 'name', 'p'"),
        ({"items": "images"}, r"one per image, got None; \[answer\] items = 'images' looked in .* 'predictions'"),
    ],
)
def test_a_path_that_finds_nothing_is_named(changed: dict[str, str], says: str) -> None:
    with pytest.raises(AnswerError, match=says):
        rows(**changed)
