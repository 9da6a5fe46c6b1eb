"""Requests that their client has signed for AWS: a prompted body breaks the signature, so they are signed anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bbprompt.proxy.dialect import Refusal

SCOPE = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=[^/,\s]+/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request\b", re.IGNORECASE
)
OF_THE_SIGNATURE = frozenset({"authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"})
"""Headers that end with the old signature."""


class Signer(Protocol):
    """Whose credentials requests are signed with; ``bbprompt.sigv4.AwsSigner`` is one."""

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, *, service: str, region: str
    ) -> dict[str, str]:
        """Return the headers of the signature, and those that it signs."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is for."""

    region: str
    service: str


def scope_of(headers: Mapping[str, str], query: bytes) -> Scope | None:
    """Return what a request's signature is for, ``None`` if it has none.

    Raises:
        Refusal: it is signed in a way that cannot be made again.
    """
    if b"x-amz-signature=" in query.lower():
        raise Refusal("the request is signed in its URL (SigV4); sign it in its headers")
    signature = headers.get("authorization", "")
    if not signature.upper().startswith("AWS4-"):
        return None
    found = SCOPE.match(signature)
    if found is None or headers.get("x-amz-content-sha256", "").upper().startswith("STREAMING-"):
        raise Refusal(
            "the request has an AWS signature other than SigV4 over a whole body, which cannot be made again"
        )
    return Scope(region=found[1], service=found[2])
