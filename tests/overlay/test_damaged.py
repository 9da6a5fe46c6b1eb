"""A damaged file gives an error, never a traceback and never another prompt."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbprompt.errors import OverlayError, UsageError
from bbprompt.overlay import decode_overlay, encode_overlay
from bbprompt.templates import Blend
from benchmarks.fuzz.png import join
from tests.overlay.pngs import a_full_image, a_png, an_overlay, chunk_of
from tests.prompt_cases import quick

END = 12
"""Bytes of the last chunk, IEND, which carries nothing."""


@pytest.mark.parametrize("rows", [0, 11, 13, 2_000_000])
def test_rows_that_are_missing_or_too_many_are_refused(rows: int) -> None:
    parts = dict(a_full_image())
    parts[b"IDAT"] = zlib.compress((b"\0" + b"\x80" * 45) * rows)
    with pytest.raises(OverlayError, match="cut short or go on too long, expected 552 bytes"):
        decode_overlay(join(list(parts.items())))


@pytest.mark.parametrize("blend", ["add", "over"])
def test_a_truncated_file_is_refused_at_every_length(blend: Blend) -> None:
    png = encode_overlay(an_overlay(blend=blend))
    for length in range(len(png) - END):
        with pytest.raises(OverlayError):
            decode_overlay(png[:length])


@quick
@given(at=st.integers(min_value=0), value=st.integers(1, 255), blend=st.sampled_from(["add", "over"]))
def test_any_changed_byte_is_noticed(at: int, value: int, blend: Blend) -> None:
    png = bytearray(encode_overlay(an_overlay(blend=blend)))
    png[at % (len(png) - END)] ^= value
    with pytest.raises(OverlayError):
        decode_overlay(bytes(png))


@quick
@given(at=st.integers(min_value=0), cut=st.integers(0, 20), paste=st.binary(max_size=20))
def test_spliced_bytes_give_an_error_or_an_overlay_and_never_a_traceback(at: int, cut: int, paste: bytes) -> None:
    png = encode_overlay(an_overlay())
    at %= len(png)
    try:
        decode_overlay(png[:at] + paste + png[at + cut :])
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017


@quick
@given(at=st.integers(min_value=0), cut=st.integers(0, 8), paste=st.binary(max_size=8))
def test_spliced_json_under_a_right_checksum_gives_an_error_or_an_overlay(at: int, cut: int, paste: bytes) -> None:
    text = json.dumps(chunk_of(an_overlay())).encode()
    at %= len(text)
    try:
        decode_overlay(a_png(text=text[:at] + paste + text[at + cut :]))
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017
