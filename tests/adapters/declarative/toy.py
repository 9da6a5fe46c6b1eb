"""An adapter file with nothing in it that it does not need, and a service that answers whatever a test says."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from bbprompt_adapters.declarative.files import parse_adapter
from bbprompt_adapters.declarative.opening import open_adapter
from bbprompt_adapters.declarative.oracle import DeclarativeOracle
from bbprompt_adapters.http.library import httpx

Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]

DOCUMENT: dict[str, Any] = tomllib.loads(
    """
    [adapter]
    name = "toy"
    [options.url]
    default = "http://toy.test"
    [request]
    url = "{url}/classify"
    json.images.each_image = "{image}"
    [image]
    size = [2, 3]
    [batch]
    max = 4
    [answer]
    items = "scores"
    path = "@"
    shape = "vector"
    kind = "probabilities"
    """
)
OPTIONS: dict[str, object] = {"labels": ["a", "b"]}
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 2, 3, 3), dtype=np.uint8)


def change(**tables: dict[str, Any] | None) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    for name, table in tables.items():
        if table is None:
            del document[name]
        else:
            document[name] = {k: v for k, v in {**document.get(name, {}), **table}.items() if v is not None}
    return document


EMBEDDING = change(
    batch={"max": 1},
    answer={"items": None, "path": "vector", "shape": "embedding", "kind": "similarity"},
    labels={"path": "vector", "items": "texts", "json": {"texts": "{texts}"}},
)


def served(service: Handler, document: dict[str, Any] = DOCUMENT, **options: object) -> DeclarativeOracle:
    adapter = parse_adapter(document, where="toy.toml")
    return open_adapter(adapter, OPTIONS | options, transport=httpx.MockTransport(service))


def opened(body: object, document: dict[str, Any] = DOCUMENT, **options: object) -> DeclarativeOracle:
    return served(lambda _: httpx.Response(200, json=body), document, **options)
