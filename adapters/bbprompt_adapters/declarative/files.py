"""Read an adapter's file and check all of it, so that a mistake is one line before anything is sent."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from bbprompt.config_struct import convert
from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError
from bbprompt.names import unknown
from bbprompt_adapters.declarative import schema
from bbprompt_adapters.declarative.paths import optional_path
from bbprompt_adapters.declarative.template import check_placeholders

S = TypeVar("S", bound=msgspec.Struct)
Kind: TypeAlias = Literal["logits", "probabilities", "tags", "similarity"]
"""What a run file may say that scores mean."""

TABLES: dict[str, type[msgspec.Struct]] = {
    "adapter": schema.About,
    "request": schema.Request,
    "image": schema.Image,
    "batch": schema.Batch,
    "answer": schema.Answer,
    "labels": schema.Labels,
    "errors": schema.Errors,
    "auth": schema.Auth,
    "poll": schema.Poll,
    "price": schema.Price,
    "mapped": schema.Mapped,
}
REQUIRED = ("adapter", "request", "answer")
LARGEST = 1e30
FORMS = {"json": ("base64", "data-uri", "list"), "parts": ("bytes",), "body": ("bytes", "base64")}
"""What an image may be, by where it goes."""

PATHS = {
    "answer": ("items", "position", "path", "label", "score"),
    "labels": ("items", "position", "path"),
    "errors": ("ok", "item", "code", "message", "wait_s"),
    "poll": ("url_path", "id", "pending"),
    "price": ("amount",),
    "mapped": ("best", "best_score", "blank"),
}
"""Keys that hold JMESPath, one or a list."""

COMPUTED = frozenset({"labels", "letters", "lettered"})
"""Placeholders that come from the labels: the list of them, of their letters, and lines like ``A: cat``."""


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """One adapter: its tables; those that a file leaves out have their defaults, or are ``None``."""

    about: schema.About
    options: dict[str, schema.Option]
    request: schema.Request
    image: schema.Image
    batch: schema.Batch
    answer: schema.Answer
    errors: schema.Errors
    price: schema.Price
    mapped: schema.Mapped
    auth: schema.Auth | None
    labels: schema.Labels | None
    poll: schema.Poll | None


def vendor_names() -> tuple[str, ...]:
    """Return the names of the adapters that are shipped as files, sorted."""
    return tuple(sorted(path.name.removesuffix(".toml") for path in _shipped() if path.name.endswith(".toml")))


def read_vendor(name: str) -> AdapterFile:
    """Read a shipped adapter."""
    path = files("bbprompt_adapters.declarative") / "vendors" / f"{name}.toml"
    return parse_adapter(tomllib.loads(path.read_text(encoding="utf-8")), where=f"{name}.toml")


def read_file(path: Path | str) -> AdapterFile:
    """Read a user's adapter.

    Raises:
        ConfigError: no such file, no TOML, or a table or key that does not fit.
    """
    path = Path(path)
    try:
        return parse_adapter(tomllib.loads(path.read_text(TEXT)), where=path.name)
    except FileNotFoundError as error:
        raise ConfigError(f"no adapter file at {path}; correct the path") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; no service wants that") from error
    except ValueError as error:  # of TOML, of UTF-8, and of numbers with thousands of digits
        raise ConfigError(f"{path} is not TOML: {error}") from error


def parse_adapter(document: Mapping[str, Any], *, where: str) -> AdapterFile:
    """Check an adapter file's content.

    Raises:
        ConfigError: an unknown table or key (with the nearest known one), a missing one, or one that does not fit.
    """
    for name in document:
        if name not in (*TABLES, "options"):
            raise unknown(f"table in {where}:", name, (*TABLES, "options"))
    for name in REQUIRED:
        if name not in document:
            raise ConfigError(f"{where} lacks the table [{name}]; see docs/adapters/write-your-own.md")

    def table(name: str, struct: type[S]) -> S:
        return convert(document.get(name, {}), struct, where=f"{where} [{name}]")

    def optional(name: str, struct: type[S]) -> S | None:
        return table(name, struct) if name in document else None

    adapter = AdapterFile(
        about=table("adapter", schema.About),
        options=_options(document.get("options", {}), where),
        request=table("request", schema.Request),
        image=table("image", schema.Image),
        batch=table("batch", schema.Batch),
        answer=table("answer", schema.Answer),
        errors=table("errors", schema.Errors),
        price=table("price", schema.Price),
        mapped=table("mapped", schema.Mapped),
        auth=optional("auth", schema.Auth),
        labels=optional("labels", schema.Labels),
        poll=optional("poll", schema.Poll),
    )
    _check(adapter, where)
    return adapter


def with_answer(adapter: AdapterFile, kind: Kind) -> AdapterFile:
    """Where a service only passes on what a model says, the run file says what that means.

    Raises:
        ConfigError: the service's answers always mean the same.
    """
    answer = adapter.answer
    if answer.shape in ("label", "embedding"):
        raise ConfigError(f"[oracle] answer: {adapter.about.name} always answers {answer.kind}; leave it out")
    return replace(adapter, answer=msgspec.structs.replace(answer, kind=kind, top_k=None))


def _options(tables: object, where: str) -> dict[str, schema.Option]:
    if not isinstance(tables, Mapping):
        raise ConfigError(f"{where} [options]: expected a table of tables, got {type(tables).__name__}")
    return {
        name: convert(table, schema.Option, where=f"{where} [options.{name}]") for name, table in tables.items()
    }


def _check(adapter: AdapterFile, where: str) -> None:
    """Refuse what each table allows by itself, but not together."""
    request, answer, image, batch = adapter.request, adapter.answer, adapter.image, adapter.batch
    bodies = [name for name in ("json", "parts", "body") if getattr(request, name) is not None]
    if len(bodies) != 1:
        raise ConfigError(
            f"{where} [request]: expected exactly one of json, parts and body, got {bodies or 'none'}"
        )
    if image.form not in FORMS[bodies[0]]:
        raise ConfigError(
            f"{where} [image] form: {bodies[0]} holds {' or '.join(FORMS[bodies[0]])}, got {image.form!r}"
        )
    if image.form == "list" and image.encoding != "tensor":
        raise ConfigError(f"{where} [image] form: 'list' is for tensors, got the encoding {image.encoding!r}")
    if 0 in image.std:
        raise ConfigError(f"{where} [image] std: must not be 0")
    if not all(abs(value) < LARGEST for value in (image.scale, *image.mean, *image.std)):
        raise ConfigError(f"{where} [image]: scale, mean and std must be numbers that a float32 can hold")
    if batch.max > 1 and answer.items is None:
        raise ConfigError(f"{where} [answer] lacks items, the path to one item per image of a batch of {batch.max}")
    if batch.default is not None and batch.default > batch.max:
        raise ConfigError(f"{where} [batch] default: expected at most max = {batch.max}, got {batch.default}")
    _check_answer(adapter, where)
    _check_paths(adapter, where)
    _check_templates(adapter, where)


def _check_answer(adapter: AdapterFile, where: str) -> None:
    answer, poll = adapter.answer, adapter.poll
    if (answer.kind == "top_k") != (answer.top_k is not None):
        got = "kind = 'top_k' and no top_k" if answer.top_k is None else f"kind = {answer.kind!r}"
        raise ConfigError(
            f"{where} [answer] top_k: the number of labels listed, with kind = 'top_k' alone, got {got}"
        )
    if (answer.shape == "label") != (answer.kind == "label"):
        raise ConfigError(f"{where} [answer] shape: 'label' and the kind 'label' go together")
    if (answer.shape == "embedding") != (adapter.labels is not None):
        raise ConfigError(f"{where} [labels]: goes with the shape 'embedding' and with no other")
    if answer.shape == "embedding" and answer.kind != "similarity":
        raise ConfigError(f"{where} [answer] kind: cosines are 'similarity', got {answer.kind!r}")
    if poll and bool(poll.url) == bool(poll.url_path):
        raise ConfigError(f"{where} [poll]: expected exactly one of url and url_path")
    if poll and poll.stream == bool(poll.pending):
        raise ConfigError(f"{where} [poll]: expected pending, or stream = true")
    if adapter.auth and adapter.auth.scheme == "sigv4" and not adapter.auth.service:
        raise ConfigError(f"{where} [auth] service: scheme 'sigv4' needs the service's name")


def _check_paths(adapter: AdapterFile, where: str) -> None:
    for table, keys in PATHS.items():
        for key in keys:
            found = getattr(getattr(adapter, table), key, None)
            for text in found if isinstance(found, list) else [found]:
                optional_path(text, where=f"{where} [{table}] {key}")


def _check_templates(adapter: AdapterFile, where: str) -> None:
    request, answer, known = adapter.request, adapter.answer, set(adapter.options) | COMPUTED
    defaults = {name: option.default for name, option in adapter.options.items() if option.default is not None}
    check_placeholders(defaults, set(defaults) | set(adapter.options), where=f"{where} [options]")
    check_placeholders(request.url, known, where=f"{where} [request] url")
    check_placeholders([request.query, request.headers], known, where=f"{where} [request]")
    check_placeholders([request.json, request.parts], known | {"image", "images"}, where=f"{where} [request]")
    check_placeholders([answer.top_k, answer.threshold], known, where=f"{where} [answer]")
    if adapter.labels:
        check_placeholders(adapter.labels.json, known | {"texts"}, where=f"{where} [labels] json")
        check_placeholders(adapter.labels.text, {"label"}, where=f"{where} [labels] text")
    if adapter.poll:
        check_placeholders(adapter.poll.url, known | {"id"}, where=f"{where} [poll] url")
    if adapter.auth and adapter.auth.scheme == "sigv4":
        check_placeholders(adapter.auth.region, known, where=f"{where} [auth] region")


def _shipped() -> list[Any]:
    return list((files("bbprompt_adapters.declarative") / "vendors").iterdir())
