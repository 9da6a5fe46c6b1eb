"""From an adapter's file and ``--option`` to a dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.names import unknown
from bbprompt.oracle import Answer, OracleSpec
from bbprompt_adapters.declarative.answer import make_reader
from bbprompt_adapters.declarative.backwards.answers import Answers, make_paths
from bbprompt_adapters.declarative.backwards.dialect import Declarative
from bbprompt_adapters.declarative.backwards.requests import Requests
from bbprompt_adapters.declarative.files import AdapterFile, Kind, read_file, read_vendor, with_answer
from bbprompt_adapters.declarative.missing import missing_score, unlisted_score
from bbprompt_adapters.declarative.options import choose_labels, own_value
from bbprompt_adapters.declarative.schema import Positive, Size
from bbprompt_adapters.declarative.template import fill, placeholders


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``--option`` that every declarative adapter takes in front of an API; its own are those of the run file.

    Attributes:
        labels: of the model, in the order of the run file: a list, or the path of a file; needed to map answers.
        answer: what scores mean, where the run file said so.
        input_size: of raw tensors, one number or [height, width].
    """

    labels: list[str] | str | None = None
    answer: Kind | None = None
    input_size: Positive | Size | None = None


def open_file(path: Path | str, options: Mapping[str, object]) -> Declarative:
    """Open a user's adapter backwards.

    Raises:
        ConfigError: the file or an option cannot be used.
    """
    return open_backwards(read_file(path), options)


def open_vendor(name: str, options: Mapping[str, object]) -> Declarative:
    """Open a shipped adapter backwards; see ``open_file``."""
    return open_backwards(read_vendor(name), options)


def open_backwards(adapter: AdapterFile, options: Mapping[str, object]) -> Declarative:
    """Open a checked adapter; see ``open_file``."""
    fields = [field.name for field in msgspec.structs.fields(Options)]
    for name in options:
        if name not in (*fields, *adapter.options):
            raise ConfigError(f"--option has an {unknown('key', name, (*fields, *adapter.options))}")
    common = convert({k: v for k, v in options.items() if k in fields}, Options, where="--option")
    values = _values(adapter, options)
    _check_keys(adapter.request.json, values)
    if common.answer is not None:
        adapter = with_answer(adapter, common.answer)
    image = adapter.image
    if (size := common.input_size) is not None:
        image = msgspec.structs.replace(image, size=[size, size] if isinstance(size, int) else size)
    answers = None if common.labels is None else _answers(adapter, common.labels, values)
    return Declarative(Requests(adapter, image, values), answers)


def _values(adapter: AdapterFile, options: Mapping[str, object]) -> dict[str, Any]:
    """Options' values; ``None`` where nothing is said, since the client has said it to the API."""
    given = {
        name: own_value(name, msgspec.structs.replace(option, optional=True), options.get(name))
        for name, option in adapter.options.items()
    }
    return {name: fill(value, given, ()) for name, value in given.items()}


def _check_keys(template: object, values: Mapping[str, Any]) -> None:
    """Refuse a key of the request that only an option names: images could not be found below it."""
    if isinstance(template, Mapping):
        for name in placeholders(list(template)):
            if values.get(name) is None:
                raise ConfigError(
                    f"--option lacks {name}, which names a place in requests; say --option {name}=..."
                )
        template = list(template.values())
    for inner in template if isinstance(template, list) else ():
        _check_keys(inner, values)


def _answers(adapter: AdapterFile, labels: Sequence[str] | str, values: Mapping[str, Any]) -> Answers | None:
    if adapter.labels is not None:
        return None
    chosen, unlisted = choose_labels(labels, adapter), unlisted_score(adapter.answer, values)
    spec = OracleSpec(
        name=adapter.about.name,
        input_size=(1, 1),
        labels=chosen,
        answer=Answer(adapter.answer.kind),
        unlisted=unlisted,
    )
    reader = make_reader(adapter.answer, chosen, fill=missing_score(spec.answer, unlisted))
    return Answers(adapter, spec, reader, make_paths(adapter))
