"""docs/adapters/write-your-own.md does what it says: its file and its run file, as they stand, against a real server."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.cli import main

from .loopback import Sent, serve

PAGE = Path(__file__).resolve().parents[3] / "docs" / "adapters" / "write-your-own.md"
TOKEN = "t0k3n-of-the-tutorial"


def blocks() -> dict[str, str]:
    """The page's TOML files, by the name in their first line."""
    found = re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return dict(found)


def classify(sent: Sent) -> tuple[int, bytes]:
    """The service of the page: what it makes of a photo depends on the photo."""
    if sent.path != "/v2/pets/classify" or sent.headers["x-token"] != TOKEN:
        return 403, b'{"error": {"code": "DENIED", "message": "no"}}'
    results = []
    for photo in sent.json["photos"][: 4 if sent.json["limit"] == 3 else 0]:
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(photo["png"]))))
        assert image.shape == (64, 64, 3)
        levels = np.exp(np.array([image[:32].mean(), image[:, :32].mean(), image[16:48, 16:48].mean()]) / 10)
        percents = 100 * levels / levels.sum()
        results.append({"tags": [{"t": t, "p": p} for t, p in zip(("cat", "dog", "cow"), percents, strict=True)]})
    return 200, json.dumps({"ok": True, "results": results}).encode()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PETS_TOKEN", TOKEN)
    return tmp_path


def write(folder: Path, url: str) -> None:
    for name, text in blocks().items():
        (folder / name).write_text(text.replace("http://127.0.0.1:9000", url), encoding="utf-8")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_page_works(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(classify) as (url, asked):
        write(here, url)
        assert run("check", "run.toml") == 0
        said = capsys.readouterr().out
        assert "probabilities over 3 labels" in said
        assert "for at most $0.80" in said
        assert run("fit", "run.toml", "--out", "run") == 0
    assert (here / "run" / "prompt.png").exists()
    images = sum(len(sent.json["photos"]) for sent in asked)
    assert images <= 401
    capsys.readouterr()
    assert run("ledger", "run") == 0
    assert "$0." in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in (here / "run").iterdir())
    assert TOKEN.encode() not in kept


def test_a_mistake_is_the_line_on_the_page(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "http://127.0.0.1:9")
    path = here / "pets.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('label = "t"', 'lable = "t"'), encoding="utf-8")
    assert run("check", "run.toml") == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert (
        "bbprompt: pets.toml [answer] has an unknown key 'lable'; did you mean 'label'? known: items, kind" in line
    )
