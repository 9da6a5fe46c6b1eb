"""A run by gradients: what is scored, and how often."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from bbprompt.arrays import UInt8  # noqa: E402
from bbprompt.cli.fit import command  # noqa: E402
from bbprompt.config import parse_config  # noqa: E402
from bbprompt.errors import ConfigError  # noqa: E402
from bbprompt.oracle import Answer, Scores  # noqa: E402
from bbprompt.overlay import read_overlay  # noqa: E402
from bbprompt.records import OVERLAY, SIZE  # noqa: E402
from bbprompt.run import evaluate_png, fit_run  # noqa: E402
from bbprompt.task import open_task  # noqa: E402
from bbprompt.templates import make_template  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402
from tests.run.conftest import Digits, document, opens  # noqa: E402


class Differentiable(TorchOracle):
    """``Digits`` as a module; counts how often each image was queried."""

    def __init__(self) -> None:
        layer = torch.nn.Linear(192, 12)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(np.random.default_rng(7).normal(size=(12, 192)) / 4))
        module = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Tanh())
        labels, half = Digits().spec.labels, (0.5,) * 3
        super().__init__(
            module, name="features", labels=labels, input_size=(8, 8), mean=half, std=half, answer=Answer.LOGITS
        )
        self.asked: Counter[bytes] = Counter()

    def query(self, images: UInt8) -> Scores:
        self.asked.update(image.tobytes() for image in images)
        return super().query(images)


def test_unprompted_images_are_scored_once_for_the_map_the_start_and_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = Differentiable()
    opens(oracle, monkeypatch)
    fit = {"method": "gradient", "epochs": 4, "looks": 4, "batch_size": 16}
    config = parse_config({**document(), "fit": fit, "budget": {}})
    fit_run(config, tmp_path / "run")
    splits = open_task(config).splits
    first, *others = splits.train.images
    assert oracle.asked[first.tobytes()] == 2  # the pre-flight asks for it, too
    assert [oracle.asked[image.tobytes()] for image in others] == [1] * 79
    assert [oracle.asked[image.tobytes()] for image in splits.test.images] == [1] * 50


def test_a_dry_run_needs_no_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(oracle := Differentiable(), monkeypatch)
    path = tmp_path / "run.toml"
    path.write_text(tomli_w.dumps({**document(), "fit": {"method": "gradient"}, "budget": {}}), encoding="utf-8")
    said = CliRunner().invoke(command, [str(path), "--out", str(tmp_path / "run"), "--dry-run", "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout) == {"total": 0, "usd": 0.0}
    assert not oracle.asked


LEARNED = {"template": "padding", "learn_size": True, "blend": "over", "shrink": True}


def test_a_learned_size_is_that_of_the_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(Differentiable(), monkeypatch)
    fit = {"method": "gradient", "epochs": 8, "looks": 4}
    config = parse_config({**document(), "prompt": LEARNED, "fit": fit, "budget": {}})
    run = fit_run(config, tmp_path / "run")
    size = json.loads((tmp_path / "run" / SIZE).read_bytes())
    overlay = read_overlay(tmp_path / "run" / OVERLAY)
    assert overlay.template == make_template("padding", canvas=(8, 8), blend="over", shrink=True, size=size)
    assert (
        evaluate_png(tmp_path / "run" / OVERLAY, config, split="test").accuracy.correct == run.result.prompt.correct
    )


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"fit": {"method": "antithetic"}}, "learn_size needs .* 'gradient', got 'antithetic'"),
        (
            {"prompt": {**LEARNED, "shrink": False}},
            "needs template = 'padding', .* got 'padding', 'over' and false",
        ),
        ({"prompt": {"template": "full-image", "learn_size": True}}, "got 'full-image', 'add' and false"),
    ],
)
def test_where_a_size_cannot_be_learned_is_said_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: dict[str, object], message: str
) -> None:
    oracle = Differentiable()
    opens(oracle, monkeypatch)
    config = parse_config({**document(), "prompt": LEARNED, "fit": {"method": "gradient"}, **tables})
    with pytest.raises(ConfigError, match=message):
        fit_run(config, tmp_path / "run")
    assert not oracle.asked
