"""The loss that a run file leaves open is settled by the oracle's answers, and kept with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bbprompt.config import load_config, parse_config
from bbprompt.losses import LOSSES, suitable_loss
from bbprompt.oracle import Answer
from bbprompt.records import RUN_FILE
from bbprompt.run import fit_run
from bbprompt.task import open_task
from benchmarks.queries.answers import LabelOnly
from tests.run.conftest import Digits, document, opens


@pytest.mark.parametrize("answer", Answer)
def test_a_suitable_loss_can_read_the_answers(answer: Answer) -> None:
    name = suitable_loss(answer)
    assert answer in LOSSES[name].accepts
    assert name == ("zero-one" if answer is Answer.LABEL else "cross-entropy")


def test_a_loss_that_is_asked_for_stays() -> None:
    asked = parse_config(document(fit={"loss": "agreement"}))
    assert open_task(asked, oracle=LabelOnly(Digits())).config == asked


def test_a_service_that_names_labels_alone_needs_no_word_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(LabelOnly(Digits()), monkeypatch)
    written = {key: value for key, value in document().items() if key not in ("labels", "fit")}
    run = fit_run(parse_config(written), tmp_path / "run")
    assert (run.result.method, run.result.label_map) == ("auto", "linear")
    assert load_config(tmp_path / "run" / RUN_FILE).fit.loss == "zero-one", "the folder says what it was run with"
    assert fit_run(parse_config(written), tmp_path / "run").result == run.result
