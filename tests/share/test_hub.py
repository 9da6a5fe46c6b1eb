"""Push and pull through the hub's own client, unmodified, to a hub on the loopback; what goes wrong is one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import huggingface_hub.constants
import pytest
from huggingface_hub import HfApi

from bbprompt.cli import main
from bbprompt.share import read_card, write_card
from bbprompt.share.card import CARD, FILES, PNG, TENSORS
from tests.fake_runs import SECRET
from tests.share.hub_server import TOKEN, Hub, running_hub

NAME = "ann/digits-prompt"

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The hub's client uploads to git-lfs as its HTTP library no longer likes it."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """One command in this process: the hub's endpoint and a token, then its arguments; status, output, errors."""
    constants = huggingface_hub.constants
    monkeypatch.chdir(tmp_path)
    # hf_xet speaks to the real hub's storage alone; without it the client takes git-lfs
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))

    def run(endpoint: str, *arguments: object, token: str | None = TOKEN) -> tuple[int, str, str]:
        monkeypatch.setattr(huggingface_hub, "HfApi", partial(HfApi, endpoint=endpoint))
        monkeypatch.setenv("HF_TOKEN", token) if token else monkeypatch.delenv("HF_TOKEN", raising=False)
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def one_line(found: tuple[int, str, str], *says: str) -> None:
    code, out, err = found
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith(("bbprompt:", "Error:"))]
    assert all(words in line for words in says), line
    assert "Traceback" not in err
    assert TOKEN not in err


def test_what_is_pulled_is_what_was_pushed(hub: Hub, command: Command, run_dir: Path, tmp_path: Path) -> None:
    code, out, err = command(hub.url, "push", run_dir, NAME, "--license", "mit")
    assert (code, out) == (0, f"{hub.url}/{NAME}/commit/{hub.repositories[NAME].head}\n"), err
    assert hub.repositories[NAME].private
    assert hub.repositories[NAME].large == {PNG, TENSORS, "preview.png"}
    assert b"license: mit" in hub.file(NAME, CARD)
    assert f"bbprompt pull {NAME}".encode() in hub.file(NAME, CARD)
    assert not any(
        SECRET.encode() in hub.file(NAME, name) or TOKEN.encode() in hub.file(NAME, name) for name in FILES
    )

    code, out, err = command(hub.url, "pull", NAME, "--out", "mine")
    assert (code, out) == (0, f"mine/{PNG}\n"), err
    assert {path.name for path in (tmp_path / "mine").iterdir()} == set(FILES)
    assert all((tmp_path / "mine" / name).read_bytes() == hub.file(NAME, name) for name in FILES)
    write_card(run_dir, tmp_path / "local")
    assert (read_card(tmp_path / "mine").levels == read_card(tmp_path / "local").levels).all()


def test_a_second_push_is_a_second_commit_and_the_first_can_still_be_had(
    hub: Hub, command: Command, run_dir: Path, tmp_path: Path
) -> None:
    for license_ in ("mit", "cc0-1.0"):
        assert command(hub.url, "push", run_dir, NAME, "--public", "--license", license_)[0] == 0
    first, _ = hub.repositories[NAME].commits
    assert not hub.repositories[NAME].private
    for revision, expected in ((first, "license: mit"), ("main", "license: cc0-1.0")):
        found = command(hub.url, "pull", NAME, "--out", "x", "--revision", revision, token=None)
        assert found[0] == 0, found[2]
        assert expected in (tmp_path / "x" / CARD).read_text(encoding="utf-8")


def test_the_environment_says_where_the_hub_is_and_who_asks(hub: Hub, run_dir: Path, tmp_path: Path) -> None:
    told = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    push = [sys.executable, "-m", "bbprompt", "push", str(run_dir), NAME]
    subprocess.run(push, env={**os.environ, **told}, check=True, capture_output=True)
    assert set(hub.repositories[NAME].commits[hub.repositories[NAME].head]) == set(FILES)


def test_what_the_hub_refuses_is_one_line(hub: Hub, command: Command, run_dir: Path, tmp_path: Path) -> None:
    one_line(command(hub.url, "push", run_dir, NAME, token=None), NAME, "401", "hf auth login")
    one_line(command(hub.url, "pull", NAME, "--out", "x"), NAME, "404", "correct the name")
    one_line(command(hub.url, "push", run_dir, NAME, "--license", "MIT!"), "does not take the card", "license")
    one_line(command(hub.url, "pull", "no/such/name", "--out", "x"), "write OWNER/NAME")
    assert not (tmp_path / "x").exists()


def test_a_hub_that_cannot_be_reached_is_one_line(command: Command, run_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
    one_line(command(nowhere, "push", run_dir, NAME), "cannot reach the hub", nowhere)
    one_line(command(nowhere, "pull", NAME, "--out", "x"), "cannot reach the hub", nowhere)


def test_a_repository_without_a_card_or_with_a_damaged_one_leaves_the_folder_as_it_was(
    hub: Hub, command: Command, run_dir: Path, tmp_path: Path
) -> None:
    assert command(hub.url, "push", run_dir, NAME)[0] == 0
    files = hub.repositories[NAME].commits[hub.repositories[NAME].head]
    hub.stored[files[PNG]] = hub.stored[files["preview.png"]]
    one_line(command(hub.url, "pull", NAME, "--out", "x"), "prompt.png")
    del files[PNG]
    one_line(command(hub.url, "pull", NAME, "--out", "x"), "holds no prompt card")
    assert not (tmp_path / "x").exists()
