"""The command line: one line and an exit status for what is wrong, one JSON object where asked, files left alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image

from bbprompt.cli import main
from bbprompt.errors import BudgetExhausted
from bbprompt.oracle import Answer, Scores
from bbprompt.overlay import read_overlay
from tests.run.conftest import Digits, document, opens

Command = Callable[..., tuple[int, str, str]]
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "v1"
OVERLAYS = sorted(path for path in GOLDEN.glob("*.png") if not path.stem.endswith(".laid"))


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "digits.toml"
    path.write_text(tomli_w.dumps(document()), encoding="utf-8")
    return path


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Digits:
    opens(fake := Digits(), monkeypatch)
    return fake


def refused(found: tuple[int, str, str], status: int, says: str) -> None:
    code, out, err = found
    assert (code, out) == (status, "")
    assert says in err
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.startswith(("bbprompt:", "Error:"))]) == 1


def test_help_and_version_come_from_a_process_without_numpy() -> None:
    for argument in ("--help", "--version"):
        code = f"import sys; sys.modules['numpy'] = None; from bbprompt.cli import main; main(['{argument}'])"
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_an_unknown_command_names_the_nearest(command: Command) -> None:
    refused(command("fitt"), 2, "did you mean 'fit'")


def test_fit_prints_one_json_object_and_words_go_elsewhere(
    command: Command, oracle: Digits, run_file: Path, tmp_path: Path
) -> None:
    code, out, err = command("fit", run_file, "--out", tmp_path / "run", "--json")
    assert code == 0
    result = json.loads(out)["runs"]["run"]
    assert result["costs"]["queries"] == oracle.asked
    assert "training" in err
    assert (tmp_path / "run" / "report.html").exists()


def test_dry_run_queries_nothing_and_writes_nothing(
    command: Command, oracle: Digits, run_file: Path, tmp_path: Path
) -> None:
    code, out, _ = command("fit", run_file, "--out", tmp_path / "run", "--dry-run", "--json")
    assert code == 0
    plan = json.loads(out)
    assert plan["total"] == 900
    assert plan["usd"] is None
    assert oracle.asked == 0
    assert not (tmp_path / "run").exists()


def test_check_sends_one_query(command: Command, oracle: Digits, run_file: Path) -> None:
    code, out, _ = command("check", run_file)
    assert code == 0
    assert "logits over 12 labels" in out
    assert "unknown price" in out
    assert oracle.asked == 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0.4121, 0.3, 0.25, 0.0379, *[0.0] * 8], "look rounded to 4 decimals"),
        ([0.412163, 0.3, 0.25, 0.037837, *[0.0] * 8], "look rounded to 6 decimals"),
        ([1 / 7, 2 / 7, 4 / 7, *[0.0] * 9], None),
        ([0.99999994, 5e-8, 1e-8, 1e-9, *[0.0] * 8], None),
        ([1.0, *[0.0] * 11], None),
    ],
)
def test_check_says_where_probabilities_come_rounded(
    command: Command, run_file: Path, monkeypatch: pytest.MonkeyPatch, values: list[float], says: str | None
) -> None:
    class Rounding(Digits):
        def __init__(self) -> None:
            super().__init__()
            self.spec = replace(self.spec, answer=Answer.PROBABILITIES)

        def query(self, images):  # type: ignore[no-untyped-def]
            return Scores(np.float32([values] * len(images)), Answer.PROBABILITIES)

    opens(Rounding(), monkeypatch)
    code, out, _ = command("check", run_file)
    assert code == 0
    assert says in out if says else "rounded" not in out


def test_a_budget_that_ends_first_keeps_the_prompt_and_says_3(
    command: Command, run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Poor(Digits):
        def query(self, images):  # type: ignore[no-untyped-def]
            if 350 < self.asked < 400:
                self.asked += 100
                raise BudgetExhausted("the budget ended")
            return super().query(images)

    opens(Poor(), monkeypatch)
    code, out, _ = command("fit", run_file, "--out", tmp_path / "run", "--json")
    assert code == 3
    assert json.loads(out)["runs"]["run"]["stopped"] == "budget"
    read_overlay(tmp_path / "run" / "prompt.png")


def test_evaluate_scores_the_png_with_the_map_it_carries(
    command: Command, oracle: Digits, run_file: Path, tmp_path: Path
) -> None:
    _, out, _ = command("fit", run_file, "--out", tmp_path / "run", "--json")
    told = json.loads(out)["runs"]["run"]["prompt"]
    code, out, _ = command("evaluate", tmp_path / "run" / "prompt.png", run_file, "--json")
    assert code == 0
    assert json.loads(out)["accuracy"] == told["accuracy"]


def test_evaluate_averages_several_prompts_and_says_what_that_costs(
    command: Command, oracle: Digits, tmp_path: Path
) -> None:
    shared = {**document()["data"], "seed": 5}
    run_file = tmp_path / "shared.toml"
    run_file.write_text(tomli_w.dumps(document(data=shared)))
    pngs = [tmp_path / str(seed) / "prompt.png" for seed in (1, 2)]
    for seed, png in enumerate(pngs, start=1):
        command("fit", run_file, "--out", png.parent, "--seed", seed)
    asked = oracle.asked
    code, out, _ = command("evaluate", *pngs, run_file)
    assert code == 0
    assert "50 images, 2 prompts averaged: 100 queries" in out
    assert oracle.asked == asked  # both had seen the same test images


def test_compare_makes_one_table_of_several_runs(
    command: Command, oracle: Digits, run_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "spsa.toml"
    other.write_text(tomli_w.dumps(document(fit={"method": "spsa"})), encoding="utf-8")
    figures = tmp_path / "figures"
    code, out, _ = command("compare", run_file, other, "--out", tmp_path / "both", "--figures", figures, "--json")
    assert code == 0
    assert {"accuracy.pdf", "accuracy.svg", "curves-queries.pdf"} <= {path.name for path in figures.iterdir()}
    assert set(json.loads(out)["runs"]) == {"digits", "spsa"}
    assert (tmp_path / "both" / "report.html").exists()


def test_report_writes_a_finished_runs_report_again(
    command: Command, oracle: Digits, run_file: Path, tmp_path: Path
) -> None:
    command("fit", run_file, "--out", tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_bytes()
    (tmp_path / "run" / "report.html").unlink()
    assert command("report", tmp_path / "run")[0] == 0
    assert len((tmp_path / "run" / "report.html").read_bytes()) == pytest.approx(len(page), rel=0.1)


def test_gallery_shows_runs_and_pngs_on_one_page(command: Command, run_dir: Path, tmp_path: Path) -> None:
    page = tmp_path / "gallery.html"
    assert command("gallery", run_dir, OVERLAYS[0], "--out", page) == (0, f"{page}\n", "")
    text = page.read_text(encoding="utf-8")
    assert ">run</h2>" in text
    assert f">{OVERLAYS[0].stem}</h2>" in text


def test_card_writes_a_folder_for_other_people(command: Command, run_dir: Path, tmp_path: Path) -> None:
    card = tmp_path / "card"
    told = command("card", run_dir, "--out", card, "--license", "mit", "--oracle", "Vendor's", "--title", "Digits")
    assert told == (0, f"{card / 'README.md'}\n", "")
    text = (card / "README.md").read_text(encoding="utf-8")
    assert "license: mit" in text
    assert "# Digits" in text
    assert read_overlay(card / "prompt.png").meta.oracle == "Vendor's"


def test_a_run_file_that_is_wrong_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[oracle]\nadaptr = 'x'\n[data]\nsource = 'digits'\n")
    refused(command("fit", tmp_path / "run.toml", "--out", tmp_path / "out"), 2, "lacks the key 'adapter'")
    refused(command("fit", tmp_path / "none.toml", "--out", tmp_path / "out"), 2, "no run file at")
    assert not (tmp_path / "out").exists()


def test_a_server_that_is_not_there_is_said_in_one_line(command: Command, tmp_path: Path) -> None:
    served = {"adapter": "open-inference", "url": "http://127.0.0.1:9", "model": "m"}
    path = tmp_path / "run.toml"
    path.write_text(tomli_w.dumps({**document(), "oracle": served}))
    refused(command("fit", path, "--out", tmp_path / "out"), 4, "no server answers at http://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("png", OVERLAYS, ids=lambda path: path.stem)
def test_show_says_what_is_in_a_png(command: Command, png: Path) -> None:
    code, out, _ = command("show", png, "--json")
    assert code == 0
    assert json.loads(out)["template"]["name"] in png.stem


@pytest.mark.parametrize("png", OVERLAYS, ids=lambda path: path.stem)
def test_show_says_where_the_image_is_shrunk_first(command: Command, png: Path) -> None:
    _, out, _ = command("show", png)
    assert ("to lay it: shrink the image to 6x9 first, on grey 128\n" in out) is ("-shrink" in png.stem)


@pytest.mark.parametrize("shrink", [False, True])
def test_fit_says_where_the_image_is_shrunk_first(
    command: Command, oracle: Digits, tmp_path: Path, shrink: bool
) -> None:
    path = tmp_path / "run.toml"
    prompt = {"template": "padding", "size": 1, "shrink": shrink}
    path.write_text(tomli_w.dumps(document(prompt=prompt)), encoding="utf-8")
    _, out, _ = command("fit", path, "--out", tmp_path / "run")
    assert ("prompt.png (shrink the image to 6x6 first, on grey 128)" in out.replace("\n", "")) is shrink


def test_a_png_without_or_with_a_damaged_chunk_is_refused(command: Command, tmp_path: Path) -> None:
    source = OVERLAYS[0]
    Image.open(source).convert("RGB").save(tmp_path / "plain.png")
    refused(command("show", tmp_path / "plain.png"), 2, "no text chunk named 'bbprompt'")
    data = bytearray(source.read_bytes())
    data[data.index(b"bbprompt") + 40] ^= 1
    (tmp_path / "damaged.png").write_bytes(data)
    code, out, err = command("show", tmp_path / "damaged.png")
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_apply_lays_the_prompt_and_names_what_it_cannot_use(command: Command, tmp_path: Path) -> None:
    png = next(path for path in OVERLAYS if "padding" in path.stem)
    overlay = read_overlay(png)
    h, w = overlay.template.canvas
    photos = tmp_path / "photos"
    photos.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (h, w, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photos / "a.png")
    (photos / "b.jpg").write_bytes(b"no image")
    code, _, err = command("apply", png, photos, "--out", tmp_path / "out")
    assert code == 2
    assert "b.jpg" in err
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "a.png")), overlay.apply(pixels[None])[0])


def test_adapters_lists_what_can_be_spoken_to(command: Command) -> None:
    assert {"efficientnet-lite0", "open-inference"} <= set(command("adapters")[1].split())


def test_an_interrupted_command_says_how_to_go_on(
    command: Command, run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Digits):
        def query(self, images):  # type: ignore[no-untyped-def]
            if self.asked > 300:
                raise KeyboardInterrupt
            return super().query(images)

    opens(Interrupted(), monkeypatch)
    code, _, err = command("fit", run_file, "--out", tmp_path / "run")
    assert code == 130
    assert "--resume" in err
    opens(Digits(), monkeypatch)
    assert command("fit", run_file, "--out", tmp_path / "run", "--resume")[0] == 0
    shutil.rmtree(tmp_path / "run")
