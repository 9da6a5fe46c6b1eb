"""What every test may use. Anything from the shared data folder comes through one fixture, which skips without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_runs import SECRET

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models and images that lie beside the checkout, not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real models and images are not beside this checkout (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One real run, of seconds, whose oracle has an address, and whose files a folder, that nobody is to see."""
    from bbprompt.config import parse_config
    from bbprompt.run import fit_run
    from tests.run.conftest import Digits, document, opens

    folder = tmp_path_factory.mktemp(SECRET) / "run"
    fake = Digits()
    fake.spec = replace(fake.spec, name=f"https://{SECRET}/v1 features 3")
    oracle = {"adapter": f"/home/{SECRET}/features.toml", "url": f"https://{SECRET}/v1", "key_env": SECRET}
    with pytest.MonkeyPatch.context() as patch:
        opens(fake, patch)
        fit_run(parse_config(document(oracle=oracle)), folder)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which of the servers that nobody here wrote ran. Here, because xdist's controller reads no other file."""
    seen = [report for kind in ("passed", "failed", "skipped") for report in terminalreporter.getreports(kind)]
    if not any(report.nodeid.startswith("tests/servers/test_adapting") for report in seen):
        return
    from tests.servers.catalogue import RAN, SERVERS

    tests = [report for report in seen if isinstance(report, pytest.TestReport)]
    ran = sorted({str(value) for report in tests for name, value in report.user_properties if name == RAN})
    absent = ", ".join(name for name in SERVERS if not any(line.startswith(f"{name} ") for line in ran))
    left = f"; not: {absent} (`make test-servers` runs all)" if absent else ""
    terminalreporter.write_line(f"servers that ran: {', '.join(ran) or 'none'}{left}")
