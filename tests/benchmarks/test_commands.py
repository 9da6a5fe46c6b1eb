"""The commands that CI and a reader run, on the real embedded model."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

pytest.importorskip("efficientnet_lite_pytorch")

from benchmarks.queries.__main__ import main
from benchmarks.queries.options import names


def test_quick_needs_no_data() -> None:
    result = CliRunner().invoke(main, ["run", "--quick"], catch_exceptions=False)
    assert "3 cells to run" in result.stderr
    assert " failed" not in result.stdout.partition("###")[2]
    assert "| antithetic-dct | 1 | 0." in result.stdout


def test_rows_whose_names_hold_a_comma_can_be_named() -> None:
    split = names("method", ["auto", "auto, no signs", "spsa"])
    found = split(click.Context(click.Command("run")), click.Option(["--methods"]), "spsa,auto, no signs")
    assert found == ("spsa", "auto, no signs")
