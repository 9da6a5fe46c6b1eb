"""Which headers go on, and which end here (RFC 9110, 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
AWS_CHECKSUMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")
ABOUT_THE_OLD_BODY = frozenset(
    {"content-length", "content-md5", "content-digest", "digest", "repr-digest", "expect"}
    | {"x-amz-sdk-checksum-algorithm", *(f"x-amz-checksum-{name}" for name in AWS_CHECKSUMS)}
)
"""A prompted body is another one; the HTTP client and server count its bytes anew."""

Headers = Iterable[tuple[str, str]]


def going_on(headers: Headers, *, drop: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return headers, names in lower case, without those that are about one connection, and without ``drop``."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {part.strip().lower() for name, value in pairs if name == "connection" for part in value.split(",")}
    ending = HOP_BY_HOP | named | set(drop)
    return [(name, value) for name, value in pairs if name not in ending]
