"""A prompt's map meets the labels that it was fitted to, in their order, or is refused; numbers alone say nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bbprompt.errors import ConfigError
from bbprompt.label_digests import check_labels, digest_labels

THINGS = [f"thing{number}" for number in range(12)]
WORDS = [*"abcdefghijkl"]


def check(now: list[str], was: list[str]) -> None:
    check_labels(now, digest_labels(was), whose="the service", prompt="prompt.png")


def test_the_same_labels_in_the_same_order_pass_and_so_does_a_prompt_that_does_not_say() -> None:
    for labels in (WORDS, THINGS, ["\ud800", "ünï"]):
        check(labels, labels)
    check_labels(WORDS, {"method": "spsa"}, whose="the service", prompt="prompt.png")


@pytest.mark.parametrize("labels", [WORDS, THINGS])
def test_another_order_is_refused_whichever_was_first(labels: list[str]) -> None:
    orders = [labels, sorted(labels, reverse=True), labels]
    for was, now in pairwise(orders):
        with pytest.raises(ConfigError, match=r"the service has the labels .*prompt.png .* in another order"):
            check(now, was)


def test_other_labels_are_refused_and_as_many_more() -> None:
    for now in ([*WORDS[:-1], "z"], [*WORDS, "m"], WORDS[:-1]):
        with pytest.raises(ConfigError, match=r"the service has other labels than .*'a', 'b' and"):
            check(now, WORDS)


def test_columns_that_are_known_by_number_alone_may_get_names_and_other_numbers() -> None:
    numbered = [[f"{name}{number}" for number in range(12)] for name in ("class_", "label ", "")]
    for was in (*numbered, WORDS):
        for now in (*numbered, WORDS):
            check(now, was)
