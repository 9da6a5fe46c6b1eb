"""``[oracle]`` of a declarative adapter: keys that every one has, and those that its file adds."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.names import unknown
from bbprompt_adapters.declarative.files import AdapterFile, Kind
from bbprompt_adapters.declarative.schema import Code, Option, Positive, Size
from bbprompt_adapters.declarative.template import fill
from bbprompt_adapters.open_inference.options import check_url, read_labels

Price = Annotated[float, msgspec.Meta(ge=0)]


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Keys that every declarative adapter takes.

    Attributes:
        labels: every label that the service may answer, as a list or as the path of a file (one per line, or a JSON
            list); of an open vocabulary those that matter.
        answer: what scores mean, where that is the model's business and not the service's.
        input_size: pixels, one number or [height, width]; as the adapter says if left out.
        key_env: name of the environment variable that holds the key.
        key_command: program and arguments that print the key, run again every half hour and after a 401.
        timeout_s: longest silence of the server, in seconds.
        max_batch: most images in one request.
        max_in_flight: most requests under way at once; fewer are sent while more do not help. As the adapter says, if
            left out.
        requests_per_minute: most requests to start in a minute.
        usd_per_image, usd_per_request, usd_per_token, usd_per_second: price in US dollars, in the adapter's unit.
        most_per_request: tokens or seconds that one request may use, set aside before it is sent.
        unanswered: codes (text) or statuses (numbers) of a refusal to score an image for what it shows, beside those
            that the adapter knows: that is kept as its answer, one that names no label.
        varies: whether the same image gets another answer each time.
        identity: what the ledger calls this oracle; adapter, version, URL and settings if left out.
    """

    labels: list[str] | str
    answer: Kind | None = None
    input_size: Positive | Size | None = None
    key_env: str | None = None
    key_command: list[str] | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    max_batch: Positive | None = None
    max_in_flight: Positive | None = None
    requests_per_minute: Annotated[float, msgspec.Meta(gt=0)] | None = None
    usd_per_image: Price | None = None
    usd_per_request: Price | None = None
    usd_per_token: Price | None = None
    usd_per_second: Price | None = None
    most_per_request: Annotated[float, msgspec.Meta(gt=0)] | None = None
    unanswered: list[Code] = []
    varies: bool = False
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a run file chose.

    Attributes:
        common: keys that every adapter has.
        own: values of the file's own options, by name; ``None`` where one was left out.
        labels: every label.
    """

    common: Common
    own: dict[str, Any]
    labels: tuple[str, ...]

    @property
    def values(self) -> dict[str, Any]:
        """What fills the placeholders in."""
        letters = list(string.ascii_uppercase[: len(self.labels)])
        lettered = "\n".join(f"{a}: {b}" for a, b in zip(letters, self.labels, strict=False))
        return {**self.own, "labels": list(self.labels), "letters": letters, "lettered": lettered}


def choose_options(options: Mapping[str, object], adapter: AdapterFile) -> Chosen:
    """Check what a run file says.

    Raises:
        ConfigError: an unknown key (with the nearest known one), a missing one, or a value that does not fit.
    """
    fields = [field.name for field in msgspec.structs.fields(Common)]
    for name in adapter.options:
        if name in fields:
            raise ConfigError(f"{adapter.about.name} [options.{name}]: every adapter has that key; rename it")
    for name in options:
        if name not in fields and name not in adapter.options:
            raise ConfigError(f"[oracle] has an {unknown('key', name, (*fields, *adapter.options))}")
    common = convert({k: v for k, v in options.items() if k in fields}, Common, where="[oracle]")
    given = {name: own_value(name, option, options.get(name)) for name, option in adapter.options.items()}
    own = {name: fill(value, given, ()) for name, value in given.items()}
    if isinstance(own.get("url"), str):
        check_url(own["url"])
    return Chosen(common, own, choose_labels(common.labels, adapter))


def choose_labels(given: Sequence[str] | str, adapter: AdapterFile) -> tuple[str, ...]:
    """Return the labels of a list or a file.

    Raises:
        ConfigError: they are too few, too many, or could not be told apart in this adapter's answers.
    """
    labels = read_labels(given if isinstance(given, str) else list(given))
    if len(labels) < 2:
        raise ConfigError(f"[oracle] labels: expected at least 2, got {len(labels)}")
    twice = sorted({label for label in labels if labels.count(label) > 1}) if len(set(labels)) < len(labels) else []
    if twice and adapter.answer.names == "label" and adapter.answer.shape not in ("vector", "embedding"):
        raise ConfigError(f"[oracle] labels: {twice[0]!r} is there twice; answers could not be told apart")
    if adapter.answer.names == "letter" and len(labels) > len(string.ascii_uppercase):
        raise ConfigError(
            f"[oracle] labels: {adapter.about.name} takes at most 26, a letter each; got {len(labels)}"
        )
    return labels


def own_value(name: str, option: Option, given: object) -> Any:
    """Return the value of one of an adapter's own options: what is given, or its default.

    Raises:
        ConfigError: it must be given, or has another type.
    """
    value = option.default if given is None else given
    if value is None:
        if not option.optional:
            about = f" ({option.about})" if option.about else ""
            raise ConfigError(f"[oracle] lacks the key {name!r}{about}")
        return None
    if not CHECKS[option.type](value):
        raise ConfigError(f"[oracle] {name}: expected {WORDS[option.type]}, got {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CHECKS: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str) and bool(value),
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "flag": lambda value: isinstance(value, bool),
    "texts": lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value),
}
WORDS = {
    "text": "a text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "texts": "a list of texts",
}
