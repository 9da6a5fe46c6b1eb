"""A key goes to the service and nowhere else: it is searched for, in every spelling, in what a run leaves and says."""

from __future__ import annotations

import base64
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy as np
import pytest

from bbprompt.cli import main
from bbprompt.errors import BbpromptError
from bbprompt.registry import open_oracle
from bbprompt.testing.fakes import fake_images
from benchmarks.faults.connection import Reply, Request, listening
from benchmarks.faults.dialects import ADAPTER, LABELS, MODEL, as_json
from benchmarks.faults.service import Service

KEY = "sk+live/9f8e7d6c~5b4a3=very&secret"
VARIABLE = "BBPROMPT_TEST_KEY"
AUTH = {
    "header": '[auth]\nheader = "x-api-key"\nprefix = "Key "\n',
    "query": '[auth]\nscheme = "query"\nparameter = "api_key"\n',
}
SPOKEN = ("header", "query", "bearer")


def spellings() -> set[bytes]:
    """The key, in URLs, in JSON, and inside anything in base64."""
    forms = {KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY), KEY.replace("/", "\\/")}
    forms |= {form.lower() for form in forms}
    for before in ("", "x", "xx"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode((before + KEY).encode()).decode()
            forms.add(whole[4:-4])
    return {form.encode() for form in forms}


def found_in(content: bytes) -> list[bytes]:
    return [form for form in spellings() if form in content or form in content.lower()]


def sent_key(request: Request) -> bool:
    heads = {request.headers.get("x-api-key"), request.headers.get("authorization")}
    return bool(heads & {f"Key {KEY}", f"Bearer {KEY}"}) or f"api_key={quote(KEY, safe='')}" in request.path


class Guarded:
    """The service behind a key; ``spoil`` may change an answer to scores, and knows the request."""

    def __init__(self, spoil: Callable[[Request, Reply], Reply] = lambda _, reply: reply) -> None:
        self.keyed, self._spoil = 0, spoil
        self._service = Service(iter(()), lambda _: None)

    def __call__(self, request: Request) -> Reply:
        self.keyed += sent_key(request)
        path = request.path.partition("?")[0]
        reply = self._service(replace(request, path=path))
        return self._spoil(request, reply) if request.method == "POST" else reply


def echo(request: Request) -> str:
    """What a server that likes to talk says of a request."""
    told = f"{request.method} {request.path} {dict(request.headers)}"
    return f"{told} {KEY} {quote_plus(KEY)} {base64.b64encode(f'Bearer {KEY}'.encode()).decode()}"


def status(code: int, **headers: str) -> Callable[[Request, Reply], Reply]:
    return lambda request, _: Reply(status=code, headers=headers, content=echo(request).encode())


SPOILED: dict[str, Callable[[Request, Reply], Reply]] = {
    "401": status(401),
    "403 in JSON": lambda request, _: replace(as_json({"error": {"message": echo(request)}}), status=403),
    "400 at length": lambda request, _: Reply(status=400, content=b" " * 3990 + echo(request).encode()),
    "500": status(500),
    "redirect": status(307, location=f"http://127.0.0.1:9/?api_key={quote(KEY)}"),
    "a page": lambda request, _: Reply(content=b"<p>" + b"." * 150 + echo(request).encode()),
    "no list": lambda *_: as_json({"ok": True, "results": f"invalid key {KEY}"}),
    "a label": lambda *_: as_json({"ok": True, "results": [{"n": 0, "tags": [{"label": f"{'-' * 40}{KEY}"}]}]}),
    "an output": lambda *_: as_json({"outputs": [{"name": KEY, "shape": [1], "datatype": "FP32", "data": [1]}]}),
    "a code": lambda *_: as_json({"ok": False, "error": {"code": KEY, "message": [KEY]}}),
    "half of one": lambda _, reply: replace(reply, share=0.5, headers={"x-key": KEY}),
}


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], tuple[str, dict[str, object]]]:
    monkeypatch.setenv(VARIABLE, KEY)

    def make(spoken: str, url: str) -> tuple[str, dict[str, object]]:
        common: dict[str, object] = {"url": url, "labels": list(LABELS), "answer": "logits", "key_env": VARIABLE}
        if spoken == "bearer":
            return "open-inference", {**common, "model": MODEL, "max_batch": 8}
        adapter = tmp_path / f"{spoken}.toml"
        adapter.write_text(ADAPTER.read_text(encoding="utf-8") + AUTH[spoken], encoding="utf-8")
        return str(adapter), common

    return make


@pytest.mark.parametrize("spoken", SPOKEN)
@pytest.mark.parametrize("spoiled", SPOILED)
def test_no_error_shows_the_key(
    spoken: str, spoiled: str, options: Callable[[str, str], tuple[str, dict[str, object]]]
) -> None:
    guarded = Guarded(SPOILED[spoiled])
    with listening(guarded) as url, closing(open_oracle(*options(spoken, url))) as oracle:  # type: ignore[type-var]
        with pytest.raises(BbpromptError) as caught:
            oracle.query(fake_images(1))
        told = "".join(traceback.format_exception(caught.value))
        shown = [oracle, oracle.spec, caught.value, vars(caught.value), *everything_within(oracle)]
    assert guarded.keyed > 0, "the key was never sent: the test shows nothing"
    assert found_in(" ".join([told, *map(repr, shown)]).encode()) == []


def everything_within(value: object, depth: int = 4) -> Iterator[object]:
    """The objects that an oracle is made of; the key itself is held by one of them, as a text."""
    for part in vars(value).values() if hasattr(value, "__dict__") else ():
        if not isinstance(part, str):
            yield part
        if depth and type(part).__module__.startswith("bbprompt"):
            yield from everything_within(part, depth - 1)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What the libraries below write, down to DEBUG."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    root.addHandler(handler)
    with caplog.at_level(logging.DEBUG):
        yield stream
    root.removeHandler(handler)


@pytest.mark.parametrize("spoken", SPOKEN)
def test_a_run_leaves_no_key_behind(
    spoken: str,
    tmp_path: Path,
    options: Callable[[str, str], tuple[str, dict[str, object]]],
    capfd: pytest.CaptureFixture[str],
    log: io.StringIO,
) -> None:
    pytest.importorskip("sklearn")
    turns = iter(range(10**6))

    def moody(request: Request, reply: Reply) -> Reply:
        """Says the key in an error, now and then, and in a header always."""
        spoken_of = replace(reply, headers={**reply.headers, "x-you-are": KEY})
        return SPOILED["500"](request, reply) if next(turns) % 40 == 7 else spoken_of

    guarded = Guarded(moody)
    with listening(guarded) as url:
        adapter, keys = options(spoken, url)
        run_file, folder = tmp_path / "run.toml", tmp_path / "run"
        oracle = "\n".join(f"{name} = {json.dumps(value)}" for name, value in keys.items())
        run_file.write_text(f"[oracle]\nadapter = {json.dumps(adapter)}\n{oracle}\n{RUN}", encoding="utf-8")
        for command in (
            ["check", str(run_file)],
            ["fit", str(run_file), "--out", str(folder)],
            ["ledger", str(folder)],
        ):
            with pytest.raises(SystemExit) as ended:
                main(command)
            assert ended.value.code in (0, None), capfd.readouterr().err
    names = {path.name for path in folder.iterdir()}
    assert names >= {"run.toml", "ledger.sqlite", "history.jsonl", "result.json", "prompt.png", "examples.npz"}
    assert guarded.keyed > 20
    said = capfd.readouterr()
    left = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    left |= {"stdout": said.out.encode(), "stderr": said.err.encode()}
    left["log"] = "\n".join(line for line in log.getvalue().splitlines() if "x-you-are" not in line).encode()
    assert {name: found for name, content in left.items() if (found := found_in(content))} == {}


RUN = """
[data]
source = "digits"
shots = 4
validation = 20
test = 20
[prompt]
template = "full-image"
[labels]
map = "linear"
[fit]
method = "antithetic"
[budget]
queries = 260
spare = 60
"""


def test_the_search_finds_the_key_in_every_spelling() -> None:
    for text in (KEY, quote(KEY), quote_plus(KEY), json.dumps(KEY).replace("/", "\\/")):
        assert found_in(text.encode())
    for n in range(6):
        assert found_in(base64.b64encode(b"x" * n + KEY.encode() + b"y" * n))
    assert found_in(np.frombuffer(KEY.encode(), np.uint8).tobytes())
    assert not found_in(b"nothing of the kind")
