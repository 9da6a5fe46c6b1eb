"""Splits are disjoint, stratified, seeded, and say which class is short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbprompt.arrays import Int
from bbprompt.data import Dataset, Source, Splits, split
from bbprompt.errors import DataError


def source(counts: list[int], own_test: list[int] | None = None) -> Source:
    return Source(numbered(counts, 0), None if own_test is None else numbered(own_test, sum(counts)))


def numbered(counts: list[int], first: int) -> Dataset:
    """A data set whose images carry their own number in three base-256 digits."""
    numbers = np.arange(first, first + sum(counts))
    pixels = np.stack([numbers // 65536, numbers // 256 % 256, numbers % 256], axis=1).astype(np.uint8)
    targets = np.repeat(np.arange(len(counts)), counts)
    return Dataset(pixels[:, None, None, :], targets, tuple(f"class {i}" for i in range(len(counts))))


def ids(dataset: Dataset) -> list[int]:
    return [int(number) for number in dataset.images[:, 0, 0].astype(np.int64) @ [65536, 256, 1]]


def per_class(dataset: Dataset) -> Int:
    return np.bincount(dataset.targets)


def parts(splits: Splits) -> tuple[Dataset, Dataset, Dataset]:
    return splits.train, splits.validation, splits.test


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(20, 40), min_size=2, max_size=5),
    shots=st.one_of(st.none(), st.integers(1, 3)),
    validation=st.one_of(st.integers(5, 10), st.sampled_from([0.2, 0.25])),
    test=st.one_of(st.integers(5, 10), st.sampled_from([0.2, 0.35])),
    seed=st.integers(0, 1000),
)
def test_splits_are_disjoint_stratified_and_seeded(
    counts: list[int], shots: int | None, validation: float, test: float, seed: int
) -> None:
    given_source, n = source(counts), sum(counts)

    def draw(shots: int | None) -> Splits:
        rng = np.random.default_rng(seed)
        return split(given_source, shots=shots, validation=validation, test=test, rng=rng)

    splits = draw(shots)
    everything = [number for part in parts(splits) for number in ids(part)]
    assert len(set(everything)) == len(everything) <= n
    for part, size in ((splits.validation, validation), (splits.test, test)):
        wanted = round(size * n) if isinstance(size, float) else size
        assert len(part) == wanted
        assert np.abs(per_class(part) - wanted * np.array(counts) / n).max() < 1
    assert len(everything) == n if shots is None else (per_class(splits.train) == shots).all()
    assert [ids(part) for part in parts(draw(shots))] == [ids(part) for part in parts(splits)]
    assert [ids(part) for part in parts(draw(1))[1:]] == [ids(part) for part in parts(splits)[1:]]


def test_equal_classes_are_split_equally() -> None:
    splits = split(source([30] * 4), shots=5, validation=20, test=0.2, rng=np.random.default_rng(0))
    assert [per_class(part).tolist() for part in parts(splits)] == [[5] * 4, [5] * 4, [6] * 4]


def test_seeds_differ() -> None:
    drawn = [split(source([30] * 4), shots=5, validation=20, test=20, rng=np.random.default_rng(i)) for i in (0, 1)]
    assert ids(drawn[0].train) != ids(drawn[1].train)


@pytest.mark.parametrize(("test", "expected"), [(None, 24), (10, 10), (0.5, 12)])
def test_a_sources_own_test_images_are_used(test: float | None, expected: int) -> None:
    splits = split(source([20, 20], [12, 12]), shots=None, validation=10, test=test, rng=np.random.default_rng(0))
    assert len(splits.test) == expected
    assert min(ids(splits.test)) >= 40
    assert sorted(ids(splits.train) + ids(splits.validation)) == list(range(40))


@pytest.mark.parametrize(
    ("shots", "validation", "test", "message"),
    [
        (16, 4, 4, "class 'class 1' has 1 images left for training, but 16 are needed; lower"),
        (None, 20, 22, "class 'class 1' has 0 images left for training, but 1 are needed"),
        (0, 4, 4, "shots must be at least 1 per class, got 0"),
        (1, 1, 4, r"validation takes 1 images, expected one or more for each of 2 classes; raise"),
        (1, 4, 1000, r"test must be a count in 1\.\.43 .* got 1000"),
        (1, 4, 0, r"test must be a count .* got 0"),
        (1, 1.5, 4, r"validation must be .* a share in \(0, 1\), got 1.5"),
        (1, True, 4, "validation must be .* got True"),
        (1, 40, 10, "class 'class 0' has 3.* images left, but validation takes 3.*; lower .data. validation"),
        (1, 4, None, "no test images of its own"),
    ],
)
def test_sizes_that_cannot_be_met_are_refused(
    shots: int | None, validation: float, test: float | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        split(source([40, 3]), shots=shots, validation=validation, test=test, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("own_test", "parts"), [(None, "training, validation, test"), ([9, 9], "training, validation")]
)
def test_a_class_with_too_few_images_for_any_sizes_is_named(own_test: list[int] | None, parts: str) -> None:
    few = parts.count(",")
    with pytest.raises(
        DataError, match=rf"'class 1' has {few} images, expected one or more each for {parts}; add some"
    ):
        split(source([40, few], own_test), shots=1, validation=4, test=4, rng=np.random.default_rng(0))
