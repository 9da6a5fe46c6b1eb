"""Any run file: refused before a query, or carried out as planned; a kill anywhere and a replay change nothing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bbprompt.arrays import UInt8
from bbprompt.config import ANY, parse_config
from bbprompt.errors import ConfigError, DataError
from bbprompt.labelmaps import LABEL_MAPS
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.plan import make_plan
from bbprompt.records import OVERLAY, RunRecord
from bbprompt.run import evaluate_png, fit_run
from bbprompt.task import open_task
from bbprompt.testing.fakes import FakeOracle
from tests.run.conftest import opens

UNLISTED = 0.25
PRICE = 0.001


class Killed(BaseException):
    """Stands for a kill between two requests."""


@dataclass
class Mortal:
    """An oracle of any kind that dies of the first request beyond so many images."""

    spec: OracleSpec
    dies_at: int | None = None
    asked: int = 0

    def query(self, images: UInt8) -> Scores:
        if self.dies_at is not None and self.asked + len(images) > self.dies_at:
            raise Killed
        self.asked += len(images)
        return FakeOracle(self.spec).answer(images)


@st.composite
def specs(draw: st.DrawFn) -> OracleSpec:
    answer = draw(st.sampled_from(Answer))
    labels = tuple(f"label {i}" for i in range(draw(st.sampled_from([2, 3, 8, 60]))))
    return OracleSpec(
        "fake",
        (draw(st.integers(3, 9)), draw(st.integers(3, 9))),
        labels,
        answer,
        max_batch=draw(st.sampled_from([1, 7, 64])),
        top_k=min(3, len(labels)) if answer is Answer.TOP_K else None,
        unlisted=UNLISTED if answer is Answer.TAGS else None,
        usd_per_query=draw(st.sampled_from([None, PRICE])),
        varies=draw(st.booleans()),
    )


@st.composite
def run_files(draw: st.DrawFn) -> dict[str, Any]:
    """Without a source; mostly of parts that go together, and sometimes not."""
    classes = draw(st.sampled_from([2, 3, 5, 45]))
    shots = draw(st.sampled_from([1, 2, 4, 20]))
    prompt = draw(
        st.sampled_from(
            [
                {},
                {"template": "full-image"},
                {"template": "padding", "size": 1},
                {"template": "padding", "size": 1, "blend": "over", "shrink": True},
                {"template": "fixed-patch", "size": 2},
                {"parametrisation": "bounded", "bound_levels": 40},
                {"parametrisation": "dct", "cells": 2},
            ]
        )
    )
    methods = st.sampled_from(["auto", "antithetic", "spsa-gc", "rgf", "nes", "sep-cma", "random-search"])
    return {
        "seed": draw(st.integers(0, 9)),
        "oracle": {"adapter": "fake"},
        "data": {"shots": shots, "validation": classes * draw(st.sampled_from([1, 4])), "test": classes},
        "prompt": prompt,
        "labels": {"map": draw(st.sampled_from([*LABEL_MAPS]))},
        "fit": {
            "method": draw(st.just("auto") | methods),
            "loss": draw(st.sampled_from([ANY, "agreement", "margin"])),
            "looks": draw(st.sampled_from([1, 4])),
        },
        "budget": {"queries": draw(st.sampled_from([300, 600, 1500]))},
    }


def save_images(path: Path, *, classes: int, each: int, side: int = 6) -> None:
    rng = np.random.default_rng(3)
    targets = np.arange(classes * each) % classes
    means = rng.uniform(40, 210, size=(classes, side, side, 3))
    images = np.clip(rng.normal(means[targets], 40), 0, 255).astype(np.uint8)
    np.savez(path, x=images, y=targets)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=specs(), written=run_files(), killed=st.floats(0, 1, exclude_max=True))
def test_it_is_refused_before_a_query_or_ends_as_planned_whatever_kills_it(
    spec: OracleSpec, written: dict[str, Any], killed: float
) -> None:
    with tempfile.TemporaryDirectory() as named, pytest.MonkeyPatch.context() as patched:
        folder, data = Path(named), written["data"]
        save_images(folder / "images.npz", classes=data["test"], each=data["shots"] + 8)
        priced = spec.usd_per_query is not None
        budget = {"usd": written["budget"]["queries"] * PRICE} if priced else written["budget"]
        source = f"npz:{folder / 'images.npz'}"
        config = parse_config({**written, "budget": budget, "data": {**data, "source": source}})

        def run(name: str, oracle: Mortal, **how: Any) -> RunRecord:
            opens(oracle, patched)
            return fit_run(config, folder / name, **how)

        def png(name: str) -> bytes:
            return (folder / name / OVERLAY).read_bytes()

        whole = Mortal(spec)
        try:
            found = run("whole", whole)
        except (ConfigError, DataError):
            assert whole.asked == 0, "what cannot work was paid for"
            return
        plan = make_plan(open_task(config))
        assert found.result.costs.queries == whole.asked <= plan.total - plan.spare
        assert found.result.stopped != "budget", "nothing was lost, and all was planned"
        evaluated = evaluate_png(folder / "whole" / OVERLAY, config, split="test")
        assert evaluated.accuracy.value == found.result.prompt.accuracy

        first = Mortal(spec, dies_at=int(killed * whole.asked))
        with pytest.raises(Killed):
            run("killed", first)
        rest = Mortal(spec)
        run("killed", rest, resume=(folder / "killed").exists())
        assert first.asked + rest.asked <= written["budget"]["queries"]
        assert png("killed") == png("whole")

        nobody = Mortal(spec, dies_at=0)
        run("replayed", nobody, replay=folder / "whole")
        assert png("replayed") == png("whole")
