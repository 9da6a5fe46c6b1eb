"""How a key goes into a request, just before the network: as a header, in the query, or as a signature."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

from bbprompt.sigv4 import AwsSigner
from bbprompt_adapters.http.keys import Key
from bbprompt_adapters.http.library import httpx

NO_KEY = "set [oracle] key_env to the environment variable that holds the key"

PERCENT = re.compile("%[0-9A-F]{2}")


class Credentials(Protocol):
    """What makes a request ours."""

    @property
    def advice(self) -> str:
        """What to do where a service refuses them."""

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return the request with its proof; its body is in memory."""

    def renew(self, refused: httpx.Request) -> bool:
        """Forget what a service refuses of a request that was signed; return whether to sign it anew."""

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown; nothing is fetched for this."""


class Anonymous:
    """No key."""

    advice = NO_KEY

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return the request as it is."""
        return request

    def renew(self, refused: httpx.Request) -> bool:  # noqa: ARG002
        """Return that there is nothing to renew."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()


class HeaderKey:
    """The key in a header, as in ``Authorization: Bearer KEY``."""

    def __init__(self, key: Key, *, header: str = "Authorization", prefix: str = "Bearer ") -> None:
        self._key, self._header, self._prefix = key, header, prefix

    @property
    def advice(self) -> str:
        """The key's."""
        return self._key.advice

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return the request with the header."""
        return _again(request, headers={self._header: self._prefix + self._key.read()})

    def renew(self, refused: httpx.Request) -> bool:
        """Forget the key in the header."""
        return self._key.renew(refused.headers[self._header].removeprefix(self._prefix))

    def secrets(self) -> tuple[str, ...]:
        """Return the key, and those before it."""
        return self._key.known()


class QueryKey:
    """The key as a parameter of the URL."""

    def __init__(self, key: Key, *, parameter: str) -> None:
        self._key, self._parameter = key, parameter

    @property
    def advice(self) -> str:
        """The key's."""
        return self._key.advice

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return the request with the parameter."""
        return _again(request, url=request.url.copy_merge_params({self._parameter: self._key.read()}))

    def renew(self, refused: httpx.Request) -> bool:
        """Forget the key in the URL."""
        return self._key.renew(refused.url.params[self._parameter])

    def secrets(self) -> tuple[str, ...]:
        """Return the key, and those before it."""
        return self._key.known()


class SigV4:
    """An AWS signature, with credentials from where AWS tools find theirs."""

    advice = "check the AWS credentials, what they may do, [oracle] region, and this machine's clock"

    def __init__(self, *, service: str, region: str) -> None:
        """Find the credentials; see ``AwsSigner``."""
        self._signer, self._service, self._region = AwsSigner(), service, region

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return the request with the headers of its signature."""
        headers = self._signer.sign(
            request.method,
            str(request.url),
            dict(request.headers),
            request.content,
            service=self._service,
            region=self._region,
        )
        return _again(request, headers=headers)

    def renew(self, refused: httpx.Request) -> bool:  # noqa: ARG002
        """Return that there is nothing to renew: what ends is renewed before it does."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """Return the secret keys, session tokens and access keys that were used."""
        return self._signer.secrets()


def spellings(secret: str) -> tuple[str, ...]:
    """Return how a secret may look in what a server sends back, longest first."""
    quoted = {write(secret, safe=safe) for write in (quote, quote_plus) for safe in ("", "/")}
    lower = {PERCENT.sub(lambda found: found[0].lower(), text) for text in quoted}
    forms = {secret, *quoted, *lower, secret.replace("/", "\\/"), *_base64_cores(secret)}
    return tuple(sorted(forms, key=len, reverse=True))


def _base64_cores(secret: str) -> Iterator[str]:
    """What any text that holds the secret holds in base64, wherever it begins: three letters stand for four."""
    for before in range(3):
        content = bytes(before) + secret.encode()
        whole = base64.b64encode(content[: len(content) // 3 * 3]).decode()
        core = whole[4 if before else 0 :]
        if core:
            yield from (core, core.replace("+", "-").replace("/", "_"))


def _again(request: httpx.Request, *, url: Any = None, headers: dict[str, str] | None = None) -> httpx.Request:
    """A copy: the caller's request, which logs and exceptions show, stays without the key."""
    return httpx.Request(
        request.method,
        url or request.url,
        headers={**dict(request.headers), **{k.lower(): v for k, v in (headers or {}).items()}},
        content=request.content,
        extensions=request.extensions,
    )
