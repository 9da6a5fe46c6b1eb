"""What a run file leaves open is settled by the oracle's answers, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bbprompt.config import ANY, load_config, parse_config
from bbprompt.defaults import settle
from bbprompt.oracle import Answer, OracleSpec
from bbprompt.records import RUN_FILE
from bbprompt.run import fit_run
from benchmarks.queries.answers import LabelOnly
from tests.run.conftest import Digits, document, opens

SPEC = OracleSpec("toy", (8, 8), tuple("abcdefghijkl"), Answer.LOGITS)
OPEN = parse_config(document(labels={"map": ANY}, fit={"loss": ANY}))


@pytest.mark.parametrize("answer", Answer)
def test_the_loss_and_the_map_go_by_what_answers_say(answer: Answer) -> None:
    config = settle(OPEN, replace(SPEC, answer=answer), classes=10, images=80)
    alone = answer is Answer.LABEL
    assert config.fit.loss == ("agreement" if alone else "cross-entropy")
    assert config.labels.map == ("iterative" if alone else "linear")


@pytest.mark.parametrize(("classes", "images"), [(10, 11), (13, 200)])
def test_labels_that_are_too_many_or_too_few_for_one_a_class_are_counted(classes: int, images: int) -> None:
    config = settle(OPEN, replace(SPEC, answer=Answer.LABEL), classes=classes, images=images)
    assert config.labels.map == "bayesian"


def test_what_is_asked_for_stays() -> None:
    asked = parse_config(document(labels={"map": "frequency"}, fit={"loss": "zero-one"}))
    assert settle(asked, replace(SPEC, answer=Answer.LABEL), classes=10, images=80) == asked


def test_a_service_that_names_labels_alone_needs_no_word_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(LabelOnly(Digits()), monkeypatch)
    written = {key: value for key, value in document().items() if key not in ("labels", "fit")}
    run = fit_run(parse_config(written), tmp_path / "run")
    assert (run.result.method, run.result.label_map) == ("auto", "iterative")
    kept = load_config(tmp_path / "run" / RUN_FILE)
    assert (kept.fit.loss, kept.labels.map) == ("agreement", "iterative"), "the folder says what it was run with"
    assert fit_run(parse_config(written), tmp_path / "run").result == run.result
