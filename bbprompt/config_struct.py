"""Turn a table of options into a msgspec struct; where that fails, say which key and what is known."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from bbprompt.errors import ConfigError
from bbprompt.names import unknown

S = TypeVar("S", bound=msgspec.Struct)

PLACE = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<key>.*)`)?", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(?P<key>.*)`", re.DOTALL)
CHOICE = re.compile(r"Invalid enum value '?(?P<got>.*?)'?", re.DOTALL)


def convert(mapping: Mapping[str, object], struct: type[S], *, where: str = "[oracle]") -> S:
    """Return ``mapping`` as a ``struct``, with every key and type checked.

    Args:
        mapping: options as they come from TOML or JSON; an int is welcome where a float is expected.
        struct: a struct with plain fields; keys that it does not have are refused, whatever its own settings.
        where: how messages name the table.

    Raises:
        ConfigError: no table, an unknown key (with the nearest known one), a missing one, a wrong type or value.
    """
    if not isinstance(mapping, Mapping):
        raise ConfigError(f"{where}: expected a table, got {type(mapping).__name__}")
    known = [field.encode_name for field in msgspec.structs.fields(struct)]
    for key in mapping:
        if key not in known:
            raise ConfigError(f"{where} has an {unknown('key', str(key), known)}")
    try:
        return msgspec.convert(dict(mapping), struct)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), mapping, struct, where)) from None


def _explain(message: str, mapping: Mapping[str, object], struct: type, where: str) -> str:
    place = PLACE.fullmatch(message)
    assert place is not None
    problem, key = place["problem"], place["key"] or ""
    if missing := MISSING.fullmatch(problem):
        return f"{where} lacks the key {missing['key']!r}"
    if choice := CHOICE.fullmatch(problem):
        known = _choices(get_type_hints(struct).get(key.split("[")[0]))
        return f"{where} {key}: {unknown('value', choice['got'], known)}"
    words = problem.replace("`", "").replace("Expected", "expected")
    return f"{where} {key}: {words}" if ", got" in words else f"{where} {key}: {words}, got {mapping.get(key)!r}"


def _choices(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from (str(member.value) for member in annotation)
    elif get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    else:
        for part in get_args(annotation):
            yield from _choices(part)
