"""Run files: what is right reads back equal, what is wrong is named with its fix."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bbprompt.config import dump_config, load_config, parse_config
from bbprompt.errors import ConfigError

RUN = """
seed = 3
[oracle]
adapter = "open-inference"
url = "http://127.0.0.1:8000"
model = "m"
[data]
source = "digits"
shots = 16
[prompt]
template = "padding"
size = 30
[labels]
map = "given"
pairs = { a = "cat", b = 7 }
[fit]
method = "antithetic"
pairs = 4
[budget]
queries = 10000
usd = 15.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_file_reads_whole_and_writes_back_equal(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, RUN))
    assert config.oracle.options == {"url": "http://127.0.0.1:8000", "model": "m"}
    assert config.fit.options == {"pairs": 4}
    assert parse_config(tomllib.loads(dump_config(config))) == config


def test_a_seed_given_beside_the_file_stands_for_the_one_in_it(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, RUN), seed=9).seed == 9


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("[budgets]", "[budget]", "did you mean 'budget'"),
        ("shot = 16", "shots = 16", "did you mean 'shots'"),
        ("templat = ", "template = ", "did you mean 'template'"),
        ("queries = 0", "queries = 10000", "must be more than 0 and finite, got 0"),
        ("usd = inf", "usd = 15.0", r"\[budget\] usd must be more than 0 and finite, got inf"),
        ("queries = -4", "queries = 10000", "must be more than 0 and finite, got -4"),
        ("queries = 'many'", "queries = 10000", r"\[budget\] queries: expected int"),
        ("seed = -1", "seed = 3", "seed must be a whole number from 0, got -1"),
        ("blend = 'ad'\nsize = 30", "size = 30", "did you mean 'add'"),
        ("adaptr = ", "adapter = ", r"\[oracle\] lacks the key 'adapter'"),
        ("seed = = 3", "seed = 3", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, wrong: str, right: str, says: str) -> None:
    assert right in RUN
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(write(tmp_path, RUN.replace(right, wrong)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", ["oracle", "data"])
def test_a_table_that_every_run_needs_is_missed(table: str) -> None:
    document = {name: value for name, value in tomllib.loads(RUN).items() if name != table}
    with pytest.raises(ConfigError, match=rf"lacks the table \[{table}\]"):
        parse_config(document)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run file at"):
        load_config(tmp_path / "none.toml")
