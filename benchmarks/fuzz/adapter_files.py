"""What a user may write into an adapter's file: a line that says what is wrong, or an adapter; see ``remote``."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import tomli_w
from hypothesis import strategies as st

from bbprompt_adapters.declarative.files import TABLES, read_file, vendor_names
from bbprompt_adapters.declarative.opening import open_adapter
from benchmarks.fuzz.remote import (
    LABELS,
    NAMES,
    NUMBERS,
    SCALARS,
    SHAPES,
    TEXTS,
    URL,
    Answer,
    answers,
    documented,
    network,
    refused,
)

LARGEST = 10**6
"""Pixels of an image that is sent."""

TEMPLATES = st.sampled_from(
    ["{image}", "{images}", "{label}", "{labels}", "{url}", "{n}", "{", "{x}{n}", "{texts}"]
)
PATHS = st.sampled_from(
    ["@", "a", "a[", "a[*].b", "length(@)", "a.b.c", "sort_by(@, &x)", "`1`", "to_number(a)", ""]
)
WORDS = st.sampled_from(
    ["x-name", "x y", "\u00fc", "a\nb", "each_label", "each_image", "http://[x", "http://a..b/"]
)
ENTRIES = st.one_of(
    SCALARS.filter(lambda value: value is not None),
    WORDS,
    TEMPLATES,
    PATHS,
    st.lists(st.one_of(TEMPLATES, st.integers())),
)
KINDS = st.sampled_from(
    ["logits", "probabilities", "top_k", "tags", "similarity", "label", "vector", "mapping", "list"]
)


@cache
def vendor(name: str) -> dict[str, Any]:
    """A shipped adapter's document."""
    path = files("bbprompt_adapters.declarative") / "vendors" / f"{name}.toml"
    document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return document


KEYS = [(name, field.name) for name, table in TABLES.items() for field in msgspec.structs.fields(table)]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A shipped adapter, or the fuzz's own, with some keys replaced, left out or added."""
    own = [documented(answer) for answer, _ in SHAPES.values()]
    document: dict[str, Any] = copy.deepcopy(
        draw(st.one_of(st.sampled_from(own), st.sampled_from([*map(vendor, vendor_names())])))
    )
    for _ in range(draw(st.integers(0, 2))):
        table, key = draw(st.sampled_from(KEYS))
        if draw(st.booleans()):
            value = draw(st.one_of(ENTRIES, KINDS, st.dictionaries(TEMPLATES | NAMES | WORDS, ENTRIES, max_size=2)))
            document.setdefault(table, {})[key] = value
        else:
            document.get(table, {}).pop(key, None)
    return document


FILES = st.one_of(
    documents(), st.binary(max_size=200), st.integers(1, 3000).map(lambda n: b"a = " + b"[" * n + b"]" * n)
)
OPTIONS = st.fixed_dictionaries(
    {"labels": st.one_of(*[st.just(LABELS)] * 4, st.lists(TEXTS, max_size=4)), "key_env": st.just("PATH")},
    optional={"url": st.just(URL), "model": TEXTS, "n": ENTRIES, "max_batch": NUMBERS, "input_size": NUMBERS},
)
ANSWERS = st.one_of(*map(answers, SHAPES))


def refuses_file(file: dict[str, Any] | bytes, options: Mapping[str, object], answer: Answer) -> bool:
    """Write an adapter's file, open it, and ask it for scores; whether it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.toml"
        path.write_bytes(file if isinstance(file, bytes) else _toml(file))
        return refused(lambda: _ask_once(path, options, answer))


def _ask_once(path: Path, options: Mapping[str, object], answer: Answer) -> None:
    oracle = open_adapter(read_file(path), options, transport=network(answer))
    height, width = oracle.spec.input_size
    if height * width <= LARGEST:
        oracle.query(np.zeros((min(2, oracle.spec.max_batch), height, width, 3), np.uint8))


def _toml(document: dict[str, Any]) -> bytes:
    try:
        return tomli_w.dumps(document).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError):  # what TOML cannot hold
        return b""
