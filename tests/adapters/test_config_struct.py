"""Tables become structs; each mistake is one line with the key, what was got and what is known."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Table(msgspec.Struct):
    model: str
    input_size: Annotated[int, msgspec.Meta(ge=32)] = 224
    colour: Colour | None = None
    blend: Literal["add", "over"] = "add"
    mean: float | list[float] = 0.0


def test_takes_what_fits() -> None:
    table = convert({"model": "m", "colour": "blue", "mean": 1}, Table)
    assert table == Table("m", colour=Colour.BLUE, mean=1.0)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"modle": "m"}, "[oracle] has an unknown key 'modle'; did you mean 'model'? known: "),
        ({}, "[oracle] lacks the key 'model'"),
        ({"model": "m", "input_size": "64"}, "[oracle] input_size: expected int, got str"),
        ({"model": "m", "input_size": 8}, "[oracle] input_size: expected int >= 32, got 8"),
        (
            {"model": "m", "colour": "bleu"},
            "[oracle] colour: unknown value 'bleu'; did you mean 'blue'?",
        ),
        (
            {"model": "m", "blend": "ovr"},
            "[oracle] blend: unknown value 'ovr'; did you mean 'over'? known: add, over",
        ),
        ({"model": "m", "mean": [1, "x"]}, "[oracle] mean[1]: expected float, got str"),
        ("m", "[oracle]: expected a table, got str"),
    ],
)
def test_says_what_does_not(mapping: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert(mapping, Table, where="[oracle]")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
