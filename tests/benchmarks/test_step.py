"""The step's benchmark: pairs are compared with their neighbours, ours is a whole step, memory is a process's own."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite_pytorch")

from benchmarks.step.__main__ import Measured, table  # noqa: E402
from benchmarks.step.memory import Memory, Setting, weigh  # noqa: E402
from benchmarks.step.steps import bare_step, our_steps  # noqa: E402
from benchmarks.step.timing import summarise  # noqa: E402


def test_each_of_our_steps_is_compared_with_the_bare_ones_around_it() -> None:
    timing = summarise([2.0, 6.0, 2.0], [1.0, 1.0, 3.0, 1.0])
    assert (timing.steps, timing.ratio, timing.bare_seconds, timing.our_seconds) == (3, 2.0, 1.0, 2.0)
    assert timing.quartiles == (1.5, 2.5)


def test_both_steps_pass_the_same_images_through_the_model_once() -> None:
    frozen = Setting(model="lite0", batch=2).open()
    passed: list[tuple[int, ...]] = []
    frozen.module.register_forward_pre_hook(lambda _module, inputs: passed.append(tuple(inputs[0].shape)))
    seen: list[int] = []
    our_steps(frozen, batch=2, steps=3, after=lambda: seen.append(len(passed)))
    assert [after - before for before, after in pairwise(seen)] == [1, 1]
    bare_step(frozen, batch=2)()
    assert passed[seen[0] - 1] == passed[-1] == (2, 3, 224, 224)
    assert all(weight.grad is None for weight in frozen.module.parameters())


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_a_peak_holds_what_the_step_takes() -> None:
    found = weigh(Setting(model="lite0", batch=2), "bare")
    images = 2 * 3 * 224 * 224 * 4 / 2**20
    assert found.at_rest + 10 * images < found.peak < found.at_rest + 300 * images


def test_the_table_shows_both_ratios() -> None:
    timing = summarise([2.0, 2.0], [1.0, 1.0, 1.0])
    bare, ours = Memory(at_rest=100.0, peak=200.0), Memory(at_rest=110.0, peak=210.0)
    row = table([Measured(setting=Setting(model="lite0"), timing=timing, bare=bare, ours=ours)]).splitlines()[-1]
    assert row == "| lite0 | 8 | 1.000 | 2.000 | 2.000 [2.000, 2.000] | 4.0 | 200 | 210 | 1.050 | 1.100 |"
