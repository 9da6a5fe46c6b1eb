"""Templates: any nest of tables, lists and texts, with placeholders that keep their values' types.

A text that is a placeholder and nothing else, as in ``top_k = "{top_k}"``, becomes the value itself: a number stays a
number, a list a list. Inside a longer text, or as a key, a value is written out. A table ``{each_image = ITEM}`` becomes
a list of ITEM, filled in once per image, ``{each_label = ITEM}`` once per label. What holds a placeholder without a
value is left out. Nothing is pasted into JSON: bodies are encoded after they are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bbprompt.names import unknown

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
EACH = {"each_image": ("images", "image"), "each_label": ("labels", "label")}
"""Tables that become lists: the placeholder to go through, and the one that each value is called by."""

MISSING = object()
"""Stands for what is left out."""


def placeholders(template: object) -> Iterator[str]:
    """Return the names of the placeholders, in order, but for ``{label}`` where each label fills it in."""
    if isinstance(template, str):
        yield from PLACEHOLDER.findall(template)
    elif isinstance(template, Mapping) and set(template) == {"each_label"}:
        yield from (name for name in placeholders(template["each_label"]) if name != "label")
    elif isinstance(template, Mapping):
        for key, value in template.items():
            yield from (*placeholders(key), *placeholders(value))
    elif isinstance(template, Sequence):
        for value in template:
            yield from placeholders(value)


def check_placeholders(template: object, known: set[str], *, where: str) -> None:
    """Refuse placeholders that nothing fills in.

    Raises:
        ConfigError: one is not among ``known``; the message names the nearest.
    """
    for name in placeholders(template):
        if name not in known:
            raise unknown(f"placeholder in {where}:", name, known)


def fill(template: Any, values: Mapping[str, Any], images: Sequence[Any]) -> Any:
    """Return the template with its placeholders filled in.

    Args:
        template: what to fill in; not changed.
        values: by placeholder; ``None`` leaves out what holds it.
        images: of the request, encoded: ``{images}`` is all of them, ``{image}`` the one at hand.
    """
    filled = _fill(template, {**values, "images": list(images), "image": images[0] if images else None})
    return None if filled is MISSING else filled


def _fill(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return _text(template, values)
    if isinstance(template, Mapping):
        return _table(template, values)
    if isinstance(template, list):
        return [value for part in template if (value := _fill(part, values)) is not MISSING]
    return template


def _table(template: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    for key, (every, one) in EACH.items():
        if set(template) == {key}:
            return [_fill(template[key], {**values, one: value}) for value in values[every]]
    parts = {str(_text(key, values)): _fill(value, values) for key, value in template.items()}
    return {key: value for key, value in parts.items() if value is not MISSING}


def _text(text: str, values: Mapping[str, Any]) -> Any:
    whole = PLACEHOLDER.fullmatch(text)
    if whole:
        value = values[whole[1]]
        return MISSING if value is None else value
    if any(values[name] is None for name in PLACEHOLDER.findall(text)):
        return MISSING
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)


def fill_url(template: str, values: Mapping[str, Any]) -> str:
    """Return a URL: ``{url}`` as it is, without a slash at its end; other values percent-encoded but for slashes."""

    def encoded(found: re.Match[str]) -> str:
        value = str(values[found[1]])
        return value.rstrip("/") if found[1] == "url" else quote(value, safe="/")

    return PLACEHOLDER.sub(encoded, template)
