"""The sampler: each row once per epoch, one group the same rows, and a resume that cannot be told apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbprompt.arrays import Int
from bbprompt.errors import ConfigError, DataError
from bbprompt.sampling import Sampler, some_of_each


def sampler(targets: Int, seed: int = 0) -> Sampler:
    return Sampler(targets, np.random.default_rng(seed))


@settings(max_examples=50, deadline=None)
@given(
    targets=st.lists(st.integers(0, 3), min_size=3, max_size=30),
    draws=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=30),
)
def test_every_row_comes_once_before_any_comes_again(targets: list[int], draws: list[tuple[int, int]]) -> None:
    n, source = len(targets), sampler(np.array(targets))
    stream = np.concatenate([source.draw(np.arange(groups), each).ravel() for groups, each in draws])
    for start in range(0, len(stream) - n + 1, n):
        assert sorted(stream[start : start + n]) == list(range(n))
    rest = stream[len(stream) // n * n :]
    assert len(set(rest.tolist())) == len(rest)


def test_candidates_of_one_group_share_their_rows_and_groups_do_not() -> None:
    rows = sampler(np.arange(40) % 4).draw(np.array([2, 0, 2, 1, 0]), 5)
    assert rows.shape == (5, 5)
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_array_equal(rows[1], rows[4])
    assert len(set(rows[[0, 1, 3]].ravel().tolist())) == 15


def test_epochs_differ_and_seeds_decide() -> None:
    targets = np.arange(40) % 4
    source = sampler(targets)
    first, second = source.draw(np.array([0]), 40), source.draw(np.array([0]), 40)
    assert (first != second).any()
    np.testing.assert_array_equal(first, sampler(targets).draw(np.array([0]), 40))
    assert (first != sampler(targets, seed=1).draw(np.array([0]), 40)).any()


def test_equal_classes_come_once_in_every_stretch_of_c() -> None:
    targets = np.random.default_rng(0).permutation(np.arange(60) % 6)
    rows = sampler(targets).draw(np.arange(10), 6)
    assert all(sorted(targets[stretch]) == list(range(6)) for stretch in rows)


def test_unequal_classes_come_in_proportion() -> None:
    targets = np.array([0] * 90 + [1] * 10)
    rows = sampler(targets).draw(np.arange(5), 20)
    counts = (targets[rows] == 1).sum(axis=1)
    assert counts.sum() == 10
    assert np.abs(counts - 2).max() <= 1


@settings(max_examples=30, deadline=None)
@given(before=st.integers(0, 40), seed=st.integers(0, 1000))
def test_a_resume_goes_on_exactly(before: int, seed: int) -> None:
    targets = np.arange(17) % 3
    original = sampler(targets, seed)
    for _ in range(before):
        original.draw(np.array([0, 0]), 2)
    state = json.loads(json.dumps(original.state_dict()))
    resumed = sampler(targets, seed=12345)
    resumed.load_state_dict(state)
    for _ in range(20):
        np.testing.assert_array_equal(resumed.draw(np.arange(3), 4), original.draw(np.arange(3), 4))


@pytest.mark.parametrize("per_candidate", [0, -1, 6])
def test_more_images_than_there_are_is_refused(per_candidate: int) -> None:
    with pytest.raises(ConfigError, match=rf"1\.\.5 \(the training images\), got {per_candidate}"):
        sampler(np.arange(5)).draw(np.array([0]), per_candidate)


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(DataError, match="no image to draw from"):
        sampler(np.zeros(0, dtype=np.int64))


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 60), st.integers(0, 9))
def test_some_of_each_leaves_out_no_class_that_there_is_room_for(of: list[int], size: int, seed: int) -> None:
    targets = np.array(of)
    rows = some_of_each(targets, size, np.random.default_rng(seed))
    assert len(rows) == len(set(rows.tolist())) == min(size, len(of))
    assert len(set(targets[rows].tolist())) == min(size, len(set(of)))


def test_some_of_equal_classes_is_what_a_sampler_draws_first() -> None:
    targets = np.repeat(np.arange(10), 50)
    drawn = sampler(targets).draw(np.zeros(1, dtype=np.int64), 160)[0]
    assert np.array_equal(some_of_each(targets, 160, np.random.default_rng(0)), drawn)
