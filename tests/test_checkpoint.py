"""A checkpoint holds arrays to the bit, and is either the old one or the new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bbprompt.checkpoint import FORMAT, load_state, save_state
from bbprompt.errors import DataError

plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
arrays = hnp.arrays(st.sampled_from(["<f8", "<f4", "<i8", "|u1", "|i1", "|b1"]), hnp.array_shapes(min_dims=0))
states = st.dictionaries(st.text(), plain | arrays | st.dictionaries(st.text(), plain | arrays))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return bool(a == b)


@given(state=states)
def test_a_state_reads_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, state: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("checkpoint") / "state"
    save_state(path, state)
    assert same(load_state(path), state)


def test_arrays_read_back_can_be_written_to(tmp_path: Path) -> None:
    save_state(tmp_path / "state", {"a": np.zeros(3)})
    load_state(tmp_path / "state")["a"][0] = 1.0


def test_a_failed_write_leaves_the_old_state(tmp_path: Path) -> None:
    save_state(tmp_path / "state", {"a": 1})
    with pytest.raises(NotImplementedError, match="not object"):
        save_state(tmp_path / "state", {"a": object()})
    assert load_state(tmp_path / "state") == {"a": 1}


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x81\xa1a"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "state").write_bytes(damage)
    with pytest.raises(DataError, match="is damaged"):
        load_state(tmp_path / "state")


@pytest.mark.parametrize("written", [{"a": 1}, {"format": FORMAT + 1, "state": {"a": 1}}], ids=["older", "newer"])
def test_a_file_of_another_version_is_named_with_what_to_do(tmp_path: Path, written: dict[str, Any]) -> None:
    (tmp_path / "state").write_bytes(msgspec.msgpack.encode(written))
    with pytest.raises(DataError, match=r"another version of bbprompt.*delete it and resume"):
        load_state(tmp_path / "state")
