"""Verdicts count what the seeds can tell, and name every peer that is not beaten."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.queries.summary import Group
from benchmarks.queries.table import markdown
from benchmarks.queries.verdict import headline, unbeaten, verdicts

SEEDS = range(3)


def seeded(*accuracies: float) -> dict[int, float]:
    return dict(zip(SEEDS, accuracies, strict=True))


GROUP = Group(
    task="task",
    answers="full",
    shots="all",
    floor=seeded(0.50, 0.51, 0.52),
    ceiling=seeded(0.90, 0.91, 0.92),
    found={
        "auto": {1_000: seeded(0.70, 0.71, 0.72)},
        "weak": {1_000: seeded(0.60, 0.61, 0.63)},
        "even": {1_000: seeded(0.80, 0.61, 0.72)},
        "strong": {1_000: seeded(0.80, 0.81, 0.83)},
        "auto, without a part": {1_000: seeded(0.65, 0.66, 0.67)},
    },
    failed={name: {} for name in ("auto", "weak", "even", "strong", "auto, without a part")},
)


def test_a_verdict_needs_a_difference_beyond_the_interval() -> None:
    found = {verdict.theirs: verdict.outcome for verdict in verdicts([GROUP], "auto")}
    assert found == {"no-prompt": "better", "weak": "better", "even": "undecided", "strong": "worse"}


def test_one_seed_decides_nothing() -> None:
    one = Group("task", "full", "all", {0: 0.5}, {0: 0.9}, {"auto": {1_000: {0: 0.7}}}, {"auto": {}})
    assert [verdict.outcome for verdict in verdicts([one], "auto")] == ["undecided"]


def test_every_peer_that_is_not_beaten_is_named_and_what_beats_us_is_bold() -> None:
    text = unbeaten([GROUP], "auto")
    assert "2 better, 1 undecided, 1 worse" in text
    assert "**-0.103 ± 0.014**" in text
    assert "even" in text
    assert "weak" not in text


def lines_of(group: Group, few: int = 1_000, many: int = 10_000) -> list[str]:
    """The headline's lines, without its head."""
    return headline([group], "auto", few, many).splitlines()[2:]


LARGER = replace(GROUP, found={name: {**of, 5_000: of[1_000]} for name, of in GROUP.found.items()})


def test_the_headline_shows_the_strongest_peer_not_our_own_parts() -> None:
    (line,) = lines_of(LARGER)
    strongest = "-0.103 ± 0.014 strong"
    expected = [
        "0.510",
        "0.710 ± 0.025",
        strongest,
        "0.710 ± 0.025 at 5,000",
        strongest,
        "0.50 ± 0.00",
        "0.910",
        "–",
    ]
    assert line == f"| {LARGER.title} | {' | '.join(expected)} |"


def test_a_budget_that_was_measured_is_not_named_twice() -> None:
    (line,) = lines_of(LARGER, many=5_000)
    assert " at 5,000" not in line


def test_a_peer_on_fewer_seeds_is_compared_on_those() -> None:
    """Its mean is the highest, on a seed that is kind to all; there ours is above it."""
    lucky = replace(GROUP, found={"auto": {1_000: seeded(0.60, 0.60, 0.90)}, "few": {1_000: {2: 0.85}},
                                  "weak": {1_000: seeded(0.60, 0.60, 0.86)}}, failed={"auto": {}})  # fmt: skip
    (line,) = lines_of(lucky, few=500, many=1_000)
    assert " weak |" in line
    assert " few |" not in line


def test_the_headline_sets_a_local_model_s_own_answers_apart() -> None:
    own = replace(LARGER, found={**LARGER.found, "ares, own answer": {5_000: seeded(0.95, 0.96, 0.97)}},
                  failed={**LARGER.failed, "ares, own answer": {}})  # fmt: skip
    (line,) = lines_of(own)
    assert line.endswith("| 0.910 | -0.250 ± 0.000 ares, own answer |")
    assert line.count(" strong |") == 2


def test_a_group_without_a_figure_beyond_the_few_queries_has_no_line() -> None:
    assert lines_of(GROUP) == []


def test_a_part_of_ours_has_a_row_and_is_no_peer() -> None:
    text = markdown([GROUP], against="auto")
    assert text.count("auto, without a part") == 1
    assert text.count("| weak |") == 2
