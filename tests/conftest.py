"""What every test may use. Anything from the shared data folder comes through one fixture, which skips without it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models and images that lie beside the checkout, not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real models and images are not beside this checkout (../shared/data)")
    return SHARED_DATA


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which of the servers that nobody here wrote ran. Here, because xdist's controller reads no other file."""
    seen = [report for kind in ("passed", "failed", "skipped") for report in terminalreporter.getreports(kind)]
    if not any(report.nodeid.startswith("tests/servers/test_adapting") for report in seen):
        return
    from tests.servers.catalogue import RAN, SERVERS

    ran = sorted({str(value) for report in seen for name, value in report.user_properties if name == RAN})
    absent = ", ".join(name for name in SERVERS if not any(line.startswith(f"{name} ") for line in ran))
    left = f"; not: {absent} (`make test-servers` runs all)" if absent else ""
    terminalreporter.write_line(f"servers that ran: {', '.join(ran) or 'none'}{left}")
