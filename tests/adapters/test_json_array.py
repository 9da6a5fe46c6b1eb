"""Numbers in JSON: each comes back as it was, written with no more digits than that takes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bbprompt_adapters.json_array import json_array

CHANCE = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", "<f8"])
def test_every_float_comes_back_bit_for_bit(dtype: str) -> None:
    bits = CHANCE.integers(0, 256, 8 * 50_000, dtype=np.uint8).tobytes()
    values = np.frombuffer(bits, dtype)
    values = values[np.isfinite(values)]
    back = np.array(json.loads(bytes(json_array(values)))).astype(dtype)
    assert back.tobytes() == values.tobytes()


def test_a_normalised_image_comes_back_and_is_short() -> None:
    levels = CHANCE.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    pixels = ((levels / np.float32(255) - np.float32(0.485)) / np.float32(0.229)).astype("<f4")
    for turned in (pixels, pixels.transpose(2, 0, 1)):
        written = bytes(json_array(turned))
        assert np.array_equal(np.array(json.loads(written), dtype="<f4"), turned)
        assert len(written) < 14 * turned.size


@pytest.mark.parametrize("dtype", ["u1", "<i4", "<i8"])
def test_whole_numbers_stay_whole(dtype: str) -> None:
    values = np.array([[0, 1], [127, 255]], dtype)
    assert bytes(json_array(values)) == b"[[0,1],[127,255]]"


def test_what_is_not_finite_is_null() -> None:
    assert bytes(json_array(np.array([np.nan, np.inf, 1.5], np.float32))) == b"[null,null,1.5]"
