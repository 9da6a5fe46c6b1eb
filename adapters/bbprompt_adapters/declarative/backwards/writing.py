"""JMESPath the other way round: put a value where an expression finds one."""

from __future__ import annotations

from typing import Any, TypeAlias

import jmespath
from jmespath.visitor import TreeInterpreter

from bbprompt.errors import ConfigError

Node: TypeAlias = Any
"""Of an expression's tree, as jmespath has parsed it: a type, a value and children."""

WHOLE = frozenset({"current", "identity"})
CHAINS = frozenset({"subexpression", "index_expression", "pipe"})
NEEDS = "only keys, positions and `||` can be written to; say --labels pass"


def parse_target(text: str, *, where: str) -> Node:
    """Read an expression that can be written to: keys, positions, and the first of alternatives.

    Raises:
        ConfigError: it selects or computes.
    """
    node: Node = jmespath.compile(text).parsed
    _check(node, f"{where}: answers cannot be mapped at {text!r}; {NEEDS}")
    return node


def read(node: Node, body: Any) -> Any:
    """Return what stands there, ``None`` if nothing."""
    return TreeInterpreter().visit(node, body)


def write(node: Node, body: Any, value: Any) -> Any:
    """Return ``body`` with ``value`` there; objects on the way are made, positions must exist.

    Raises:
        LookupError: there is no such position, or no object where one must be.
    """
    children = node["children"]
    match node["type"]:
        case "field":
            return {**_object(body), node["value"]: value}
        case "index":
            return _with_item(body, node["value"], value)
        case "or_expression":
            return write(children[0], body, value)
        case kind if kind in WHOLE:
            return value
    head, *rest = children
    if not rest:
        return write(head, body, value)
    inner = {**node, "children": rest}
    return write(head, body, write(inner, read(head, body), value))


def _check(node: Node, problem: str) -> None:
    children = node["children"]
    if node["type"] == "or_expression":
        children = children[:1]
    elif node["type"] not in CHAINS | WHOLE | {"field", "index"}:
        raise ConfigError(problem)
    for child in children:
        _check(child, problem)


def _object(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise LookupError("no object")  # noqa: TRY004
    return body


def _with_item(body: Any, index: int, value: Any) -> list[Any]:
    if not isinstance(body, list) or not -len(body) <= index < len(body):
        raise LookupError("no such position")
    return [value if at == index % len(body) else item for at, item in enumerate(body)]
