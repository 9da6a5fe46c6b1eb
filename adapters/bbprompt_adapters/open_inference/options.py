"""``[oracle]`` of the adapter ``open-inference``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from bbprompt.config_struct import convert
from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError
from bbprompt_adapters.http.credentials import Anonymous, Credentials, HeaderKey
from bbprompt_adapters.http.keys import EnvironmentKey
from bbprompt_adapters.http.library import httpx

Positive = Annotated[int, msgspec.Meta(ge=1)]

# Lists of a fixed length, not tuples: msgspec 0.22 corrupts memory over a fixed tuple beside a bounded int.
Pair = Annotated[list[Positive], msgspec.Meta(min_length=2, max_length=2)]
Channels = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the model is, and what its server does not say of it.

    Attributes:
        url: of the server, http or https.
        model: its name there.
        input_size: pixels, one number or [height, width]; needed only if the server leaves it open.
        output: the output that holds the scores; needed only if there are several.
        labels: one per column, as a list or as the path of a file (one per line, or a JSON list).
        answer: what the scores mean; as the server says, else probabilities.
        scale: for float inputs, multiplies pixels of 0..255; 1/255 if left out.
        mean: for float inputs, subtracted after scaling; one number or one per channel.
        std: for float inputs, divides at the end; one number or one per channel.
        timeout_s: longest silence of the server, in seconds.
        max_batch: most images in one request; as the server says, else 16.
        max_in_flight: most requests under way at once.
        usd_per_query: price of one image in US dollars.
        key_env: name of the environment variable that holds a bearer token.
        identity: what the ledger calls this oracle; url, model and version if the server names none.
    """

    url: str
    model: str
    input_size: Positive | Pair | None = None
    output: str | None = None
    labels: list[str] | str | None = None
    answer: Literal["logits", "probabilities", "similarity"] | None = None
    scale: float | None = None
    mean: float | Channels | None = None
    std: float | Channels | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    max_batch: Positive | None = None
    max_in_flight: Positive = 4
    usd_per_query: Annotated[float, msgspec.Meta(ge=0)] | None = None
    key_env: str | None = None
    identity: str | None = None


def read_options(options: Mapping[str, object]) -> Options:
    """Check the options.

    Raises:
        ConfigError: an unknown key, a wrong type or value, or a URL that is none.
    """
    chosen = convert(options, Options, where="[oracle]")
    check_url(chosen.url)
    if chosen.std == 0 or (isinstance(chosen.std, list) and 0 in chosen.std):
        raise ConfigError("[oracle] std: must not be 0")
    return chosen


def check_url(text: str) -> None:
    """Refuse what is no address of a server.

    Raises:
        ConfigError: no URL, another scheme than http or https, or a password in it.
    """
    try:
        url = httpx.URL(text)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigError(f"[oracle] url: {text!r} is no URL ({error})") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ConfigError(
            f"[oracle] url: expected http://HOST:PORT without a password, got {str(url.copy_with(userinfo=b''))!r}"
        )


def read_credentials(key_env: str | None) -> Credentials:
    """Return the bearer token that the environment holds, or none if none is wanted.

    Raises:
        ConfigError: the variable is not set, or holds what no header can.
    """
    return Anonymous() if key_env is None else HeaderKey(EnvironmentKey(key_env))


def read_labels(labels: list[str] | str) -> tuple[str, ...]:
    """Return labels that are given, or that a file holds.

    Raises:
        ConfigError: the file cannot be read or holds no list of labels.
    """
    if isinstance(labels, list):
        return tuple(labels)
    try:
        text = Path(labels).read_text(TEXT)
        found: Any = json.loads(text) if text.lstrip().startswith("[") else text.split("\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"[oracle] labels: cannot read the file {labels!r} ({error})") from error
    if not all(isinstance(label, str) for label in found):
        raise ConfigError(f"[oracle] labels: expected a list of names in {labels!r}")
    return tuple(label.strip() for label in found if label.strip())
