"""Bodies that are compressed (RFC 9110, 8.4.1) although the proxy asks for none such."""

from __future__ import annotations

import zlib

from bbprompt.proxy.dialect import Refusal

READ = frozenset({"gzip", "x-gzip", "deflate"})
EITHER_HEADER = zlib.MAX_WBITS | 32
"""gzip's or zlib's, by what it is."""


def decoded(content: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """Return a body without its ``content-encoding``.

    Raises:
        Refusal: an encoding that is not known, a damaged body, or one of more than ``max_bytes``.
    """
    if encoding.lower() == "identity":
        return content
    if encoding.lower() not in READ:
        raise Refusal(f"it is encoded as {encoding[:40]!r}")
    try:
        plain = zlib.decompressobj(EITHER_HEADER).decompress(content, max_bytes + 1)
    except zlib.error as error:
        raise Refusal(f"it is damaged ({error})") from error
    if len(plain) > max_bytes:
        raise Refusal(f"it has more than {max_bytes} bytes")
    return plain
