"""Where a request's JSON holds images, by the template that an adapter fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bbprompt_adapters.declarative.template import EACH, PLACEHOLDER, placeholders

Place: TypeAlias = tuple[str | int, ...]
"""Keys and positions, from the outermost in."""

EACH_IMAGE = next(table for table, (_, one) in EACH.items() if one == "image")


def find_places(template: object, body: object, values: Mapping[str, Any], at: Place = ()) -> Iterator[Place]:
    """Return where ``body`` holds an image, or something else where an image must stand; a place may come twice.

    A client may send more than the adapter does, and lists in another order: each item of a list is held against each
    of the template's.
    """
    match template, body:
        case str(), _:
            yield from _at_text(template, body, at)
        case dict(), list() if set(template) == {EACH_IMAGE}:
            for index, item in enumerate(body):
                yield from find_places(template[EACH_IMAGE], item, values, (*at, index))
        case dict(), dict():
            for key, inner in template.items():
                name = _filled(key, values)
                if name in body:
                    yield from find_places(inner, body[name], values, (*at, name))
        case list(), list():
            for index, item in enumerate(body):
                for inner in template:
                    yield from find_places(inner, item, values, (*at, index))


def describe_places(template: object, values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Return where ``find_places`` looks, as in ``inputs[].data.image.base64``."""
    match template:
        case str() if "image" in placeholders(template):
            yield at or "the body itself"
        case str() if "images" in placeholders(template):
            yield f"{at}[]"
        case dict() if set(template) == {EACH_IMAGE}:
            yield from describe_places(template[EACH_IMAGE], values, f"{at}[]")
        case dict():
            for key, inner in template.items():
                yield from describe_places(inner, values, f"{at}.{_filled(key, values)}".lstrip("."))
        case list():
            for inner in template:
                yield from describe_places(inner, values, f"{at}[]")


def _at_text(template: str, body: object, at: Place) -> Iterator[Place]:
    names = set(placeholders(template))
    if "image" in names:
        yield at
    elif "images" in names and isinstance(body, list):
        yield from ((*at, index) for index in range(len(body)))


def _filled(key: str, values: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), key)
