"""The commands that CI and a reader run, on the real embedded model."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

pytest.importorskip("efficientnet_lite_pytorch")

from benchmarks.queries.__main__ import main


def test_quick_needs_no_data() -> None:
    result = CliRunner().invoke(main, ["run", "--quick"], catch_exceptions=False)
    assert "3 cells to run" in result.stderr
    assert " failed" not in result.stdout.partition("###")[2]
    assert "| antithetic-dct | 0." in result.stdout
