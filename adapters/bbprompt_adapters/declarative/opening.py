"""From a file and a run file's ``[oracle]`` to an oracle. Nothing is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, OracleSpec
from bbprompt_adapters.declarative.answer import make_items, make_reader
from bbprompt_adapters.declarative.embedding import EmbeddingReader, Texts
from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.files import AdapterFile, read_file, read_vendor, with_answer
from bbprompt_adapters.declarative.message import Composer
from bbprompt_adapters.declarative.missing import blank_score, missing_score, unlisted_score
from bbprompt_adapters.declarative.options import Chosen, choose_options
from bbprompt_adapters.declarative.oracle import DeclarativeOracle, Rows
from bbprompt_adapters.declarative.paths import parse_path
from bbprompt_adapters.declarative.poll import make_poller
from bbprompt_adapters.declarative.price import Tariff, make_tariff
from bbprompt_adapters.declarative.schema import Auth, Errors, Image
from bbprompt_adapters.declarative.template import fill, fill_url
from bbprompt_adapters.declarative.verdict import Verdict, make_verdict
from bbprompt_adapters.http.credentials import Anonymous, Credentials, HeaderKey, QueryKey, SigV4
from bbprompt_adapters.http.keys import CommandKey, EnvironmentKey
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.http.transport import Transport
from bbprompt_adapters.open_inference.options import check_url

TEXTS_BYTES = 50_000_000
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2."""


def open_file(
    path: Path | str, options: Mapping[str, object], *, transport: httpx.BaseTransport | None = None
) -> DeclarativeOracle:
    """Open the adapter that a user's file describes.

    Args:
        path: of its TOML.
        options: ``[oracle]`` of a run file, without ``adapter``.
        transport: stands in for the network in tests.

    Raises:
        ConfigError: the file or the options cannot be used, or there is no key.
    """
    return open_adapter(read_file(path), options, transport=transport)


def open_vendor(
    name: str, options: Mapping[str, object], *, transport: httpx.BaseTransport | None = None
) -> DeclarativeOracle:
    """Open a shipped adapter, one of ``vendor_names()``; the rest is as in ``open_file``."""
    return open_adapter(read_vendor(name), options, transport=transport)


def open_adapter(
    adapter: AdapterFile, options: Mapping[str, object], *, transport: httpx.BaseTransport | None = None
) -> DeclarativeOracle:
    """Open a checked adapter; see ``open_file``."""
    chosen = choose_options(options, adapter)
    if chosen.common.answer is not None:
        adapter = with_answer(adapter, chosen.common.answer)
    image, tariff = _image(adapter.image, chosen), make_tariff(adapter.price, chosen.common)
    encode = Encoder(image)
    compose = Composer(adapter.request, chosen.values, encode.media_type)
    check_url(compose.url)
    _check_headers(adapter, compose)
    spec = _spec(adapter, chosen, image, compose.url, tariff)
    network = Transport(
        compose.url,
        timeout_s=chosen.common.timeout_s,
        max_connections=spec.max_in_flight,
        credentials=_credentials(adapter.auth, chosen),
        transport=transport,
    )
    verdict = make_verdict(_errors(adapter.errors, chosen), network)
    return DeclarativeOracle(
        spec,
        network,
        encode=encode,
        compose=compose,
        verdict=verdict,
        poll=make_poller(adapter.poll, network, verdict, chosen.values) if adapter.poll else None,
        items=make_items(adapter.answer.items, adapter.answer.position),
        reader=_reader(adapter, chosen, spec, network, verdict, compose),
        blank=blank_score(spec),
        tariff=tariff,
    )


def _errors(errors: Errors, chosen: Chosen) -> Errors:
    unanswered = [*errors.unanswered, *chosen.common.unanswered]
    return msgspec.structs.replace(errors, unanswered=unanswered)


def _image(image: Image, chosen: Chosen) -> Image:
    wanted = chosen.common.input_size
    size = image.size if wanted is None else [wanted, wanted] if isinstance(wanted, int) else list(wanted)
    if size[0] < image.min_size[0] or size[1] < image.min_size[1]:
        least = " x ".join(map(str, image.min_size))
        raise ConfigError(f"[oracle] input_size: the service takes no less than {least} pixels, got {size}")
    return msgspec.structs.replace(image, size=size)


def _spec(adapter: AdapterFile, chosen: Chosen, image: Image, url: str, tariff: Tariff) -> OracleSpec:
    answer, common = adapter.answer, chosen.common
    kind = Answer(answer.kind)
    top_k = _top_k(adapter, chosen)
    return OracleSpec(
        name=common.identity or _identity(adapter, chosen, image, url),
        input_size=(image.size[0], image.size[1]),
        labels=chosen.labels,
        answer=kind,
        max_batch=_max_batch(adapter, chosen),
        max_in_flight=common.max_in_flight or adapter.batch.in_flight,
        usd_per_query=tariff.per_query,
        usd_per_request=tariff.per_request,
        top_k=None if top_k is None else min(top_k, len(chosen.labels)),
        unlisted=unlisted_score(answer, chosen.values),
        open_vocabulary=answer.open_vocabulary,
        requests_per_minute=common.requests_per_minute,
        varies=common.varies,
    )


def _top_k(adapter: AdapterFile, chosen: Chosen) -> int | None:
    value = fill(adapter.answer.top_k, chosen.values, ())
    if value is None or (type(value) is int and value >= 1):
        return value
    raise ConfigError(f"{adapter.about.name} [answer] top_k: expected a whole number from 1, got {value!r}")


def _check_headers(adapter: AdapterFile, compose: Composer) -> None:
    """Refuse what no header can be before anything is sent."""
    auth, kind = adapter.auth or Auth(), adapter.request.content_type or ""
    for name, value in {**compose.headers, "content-type": kind, auth.header: auth.prefix}.items():
        if not TOKEN.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise ConfigError(
                f"{adapter.about.name}: a header needs a name of letters, digits and dashes and a value in printable "
                f"ASCII, got {name[:60]!r}: {value[:60]!r}"
            )


def _max_batch(adapter: AdapterFile, chosen: Chosen) -> int:
    wanted, batch = chosen.common.max_batch, adapter.batch
    if wanted is not None and wanted > batch.max:
        raise ConfigError(
            f"[oracle] max_batch: {adapter.about.name} takes at most {batch.max} images in a request, got {wanted}"
        )
    return wanted or batch.default or batch.max


def _identity(adapter: AdapterFile, chosen: Chosen, image: Image, url: str) -> str:
    """Whatever may change an answer is in the name: the ledger's cache relies on it."""
    parts = (adapter.request, image, adapter.answer, adapter.labels, adapter.poll, chosen.own, chosen.labels)
    try:
        digest = hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:12]
    except UnicodeEncodeError as error:
        raise ConfigError(f"[oracle] holds text that is no Unicode ({error.reason}); correct it") from error
    return f"{adapter.about.name}@{adapter.about.version} {url} {digest}"


def _credentials(auth: Auth | None, chosen: Chosen) -> Credentials:
    common = chosen.common
    if auth and auth.scheme == "sigv4":
        return SigV4(service=auth.service, region=fill_url(auth.region, chosen.values))
    if common.key_command:
        return HeaderKey(CommandKey(common.key_command))  # OAuth's tokens are bearer tokens, wherever keys go
    variable = common.key_env or (auth.env if auth and auth.required else None)
    if variable is not None:
        return _placed(auth or Auth(), EnvironmentKey(variable))
    if auth and auth.required:
        raise ConfigError("[oracle] lacks the key 'key_env': the environment variable that holds the service's key")
    return Anonymous()


def _placed(auth: Auth, key: EnvironmentKey) -> Credentials:
    if auth.scheme == "query":
        return QueryKey(key, parameter=auth.parameter)
    return HeaderKey(key, header=auth.header, prefix=auth.prefix)


def _reader(
    adapter: AdapterFile,
    chosen: Chosen,
    spec: OracleSpec,
    transport: Transport,
    verdict: Verdict,
    compose: Composer,
) -> Rows:
    if adapter.labels is None:
        return make_reader(adapter.answer, chosen.labels, fill=missing_score(spec.answer, spec.unlisted))
    path = parse_path(adapter.answer.path, where="[answer] path")
    fetch = partial(_fetch_texts, adapter, chosen, transport, verdict, compose)
    return EmbeddingReader(path, Texts(fetch, parse_path(adapter.labels.path, where="[labels] path")))


def _fetch_texts(
    adapter: AdapterFile, chosen: Chosen, transport: Transport, verdict: Verdict, compose: Composer
) -> list[Any]:
    assert adapter.labels is not None
    texts = [adapter.labels.text.replace("{label}", label) for label in chosen.labels]
    body = fill(adapter.labels.json, {**chosen.values, "texts": texts}, ())
    headers = {"accept": "application/json", "content-type": "application/json"}
    reply = transport.send(
        "POST", compose.url, headers=headers, content=msgspec.json.encode(body), max_bytes=TEXTS_BYTES
    )
    return make_items(adapter.labels.items, adapter.labels.position)(verdict.body(reply), len(texts))
