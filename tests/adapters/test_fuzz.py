"""A sample of ``make fuzz``: whatever a service answers and a file says, scores or one line of an error of our own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import adapter_files, remote

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("shape", remote.SHAPES)
def test_the_right_answer_is_read(shape: str) -> None:
    _, right = remote.SHAPES[shape]
    assert not remote.refuses_answer(shape, (200, {}, remote.dumped(right)))
    assert remote.refuses_answer(shape, (200, {}, b"null"))


@pytest.mark.parametrize("shape", remote.SHAPES)
def test_answers_to_an_adapter_s_file(shape: str) -> None:
    @QUICK
    @given(remote.answers(shape))
    def check(answer: remote.Answer) -> None:
        remote.refuses_answer(shape, answer)

    check()


def test_the_right_tensors_are_read() -> None:
    assert not remote.refuses_tensors((200, {}, remote.dumped({"outputs": [remote.OUTPUT]})))


@QUICK
@given(remote.tensor_answers())
def test_answers_of_open_inference(answer: remote.Answer) -> None:
    remote.refuses_tensors(answer)


@QUICK
@given(adapter_files.FILES, adapter_files.OPTIONS, adapter_files.ANSWERS)
def test_adapter_files(file: dict[str, Any] | bytes, options: dict[str, object], answer: remote.Answer) -> None:
    adapter_files.refuses_file(file, options, answer)


@QUICK
@given(st.sampled_from(["list", "vector"]), remote.HEADERS)
def test_refusals_headers(shape: str, headers: dict[str, str]) -> None:
    assert remote.refuses_answer(shape, (429, headers, b"{}"))
