"""A path finds what JMESPath finds, also where it is a name alone and JMESPath is not asked."""

from __future__ import annotations

import jmespath
import pytest

from bbprompt_adapters.declarative.paths import parse_path

BODIES = ({"a": {"b": 1}, "a b": [2]}, {"a": None}, {}, [{"a": 1}], "a", 3, None)


@pytest.mark.parametrize("text", ["a", '"a b"', "a.b", "@", "[0]", "[].a", "a || b"])
def test_a_path_finds_what_jmespath_finds(text: str) -> None:
    path = parse_path(text, where="here")
    assert [path(body) for body in BODIES] == [jmespath.search(text, body) for body in BODIES]
