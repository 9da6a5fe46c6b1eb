"""base64 is read as the standard library reads it, in either alphabet, padded or not."""

from __future__ import annotations

import base64
import binascii

from hypothesis import given
from hypothesis import strategies as st

from bbprompt.proxy.images import from_base64, to_base64


@given(st.binary(max_size=99))
def test_what_is_written_is_read_by_all(data: bytes) -> None:
    assert to_base64(data) == base64.b64encode(data).decode()
    safe = base64.urlsafe_b64encode(data).decode()
    if data:
        assert {from_base64(text) for text in (to_base64(data), safe, safe.rstrip("="))} == {data}


@given(st.text("AQ+/=\né", max_size=12))
def test_what_the_library_reads_is_read_so(text: str) -> None:
    try:
        expected = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return
    assert from_base64(text) == expected
