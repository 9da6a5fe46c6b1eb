"""Servers run on uvloop where it is installed, and on the standard library's loop where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")

from bbprompt.http_library import httpx

PROGRAM = """
import asyncio
from bbprompt.serving import serve_app

async def app(scope, receive, send):
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": loop})

serve_app(app, host="127.0.0.1", port=0, on_ready=lambda url: print(url, flush=True), lifespan="off")
"""


def loop_of(env: dict[str, str]) -> str:
    """The package whose loop a server says that it runs on."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}) as process:
        assert process.stdout is not None
        try:
            return httpx.get(process.stdout.readline().strip(), trust_env=False).text
        finally:
            process.terminate()


def test_uvloop_where_it_is_installed() -> None:
    pytest.importorskip("uvloop", reason="uvloop is not for this system")
    assert loop_of({}) == "uvloop"


def test_asyncio_where_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("raise ImportError", encoding="utf-8")
    assert loop_of({"PYTHONPATH": str(tmp_path)}) == "asyncio"
