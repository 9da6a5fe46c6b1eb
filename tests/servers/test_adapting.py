"""Servers that nobody here wrote, each in its own environment: asked, and adapted to a PNG that helps."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.cli import main
from bbprompt.config import parse_config
from bbprompt.overlay import read_overlay
from bbprompt.registry import open_oracle
from bbprompt.testing.oracles import check_oracle
from bbprompt.wrappers import Retrying
from tests.servers.catalogue import SERVERS
from tests.servers.model.network import Network
from tests.servers.process import Running
from tests.servers.task import RUN, ask_directly, read_run, score_directly, write_run

GAIN = 0.1
"""Of accuracy, at least. benchmarks.servers measures .18 to .28, by seed, on images that no run has seen."""

pytestmark = pytest.mark.parametrize(
    "server",
    [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SERVERS],
    indirect=True,
)


@pytest.fixture
def document(server: Running, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The server's run file, also in the working folder."""
    monkeypatch.chdir(tmp_path)
    document = read_run(server)
    write_run(document, tmp_path, task=task)
    return document


def test_run_files_differ_in_nothing_but_the_oracle(server: Running) -> None:
    own = tomllib.loads((server.server.folder / "oracle.toml").read_text("utf-8"))
    assert list(own) == ["oracle"]
    common = tomllib.loads(RUN.read_text("utf-8"))
    assert {name: table for name, table in read_run(server).items() if name != "oracle"} == common


def test_answers_are_the_models_own(document: dict[str, Any], weights: Path) -> None:
    chosen = parse_config(document).oracle
    # As in a run: cog refuses a request that comes the moment after an answer.
    oracle = Retrying(open_oracle(chosen.adapter, chosen.options), first_wait_s=0.1)
    size, count = oracle.spec.input_size, min(3, oracle.spec.max_batch)
    images = np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    scores = oracle.query(images).values
    np.testing.assert_allclose(scores, ask_directly(Network(weights), images), atol=1e-5)
    check_oracle(oracle, tolerance=1e-5)


@pytest.mark.timeout(900)  # on two cores that others use, too
def test_a_few_hundred_queries_give_a_png_that_helps(
    document: dict[str, Any], task: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--json") == 0
    result = json.loads(capsys.readouterr().out)["runs"]["run"]
    assert result["prompt"]["accuracy"] >= result["no_prompt"]["accuracy"] + GAIN

    overlay = read_overlay(Path("run/prompt.png"))
    plain, prompted = (score_directly(task, weights, laid, count=100) for laid in (None, overlay))
    assert prompted >= plain + GAIN


def fit(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["fit", "run.toml", "--out", "run", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code
