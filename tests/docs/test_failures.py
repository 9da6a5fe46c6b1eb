"""docs/failures.md: every message on the page is what the product prints, once something has gone wrong in that way."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from PIL import Image
from sklearn.datasets import load_digits

from bbprompt.arrays import UInt8
from bbprompt.cli import main
from bbprompt.errors import BudgetExhausted
from bbprompt.oracle import Oracle, Scores
from bbprompt.overlay import Overlay, OverlayMeta, write_overlay
from benchmarks.queries.answers import LabelOnly
from tests.adapters.declarative.loopback import Answer as Reply
from tests.adapters.declarative.loopback import serve
from tests.docs.conftest import served
from tests.docs.pages import DOCS, fenced, typed
from tests.docs.player import Player
from tests.golden.cases import overlay_of
from tests.run.conftest import Digits, document, opens

PAGE = (DOCS / "failures.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Scene:
    """What goes wrong is set up here: a folder with a run file, and whatever it speaks to."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    player: Player
    servers: ExitStack

    def run_file(self, **tables: Any) -> None:
        """Write run.toml: that of the tests, with tables and keys changed; ``None`` takes one away."""
        (self.folder / "run.toml").write_text(tomli_w.dumps(_without_none(document(**tables))), encoding="utf-8")

    def asks(self, oracle: Oracle, **tables: Any) -> None:
        """Let the run file's oracle be ``oracle``, whatever it is called."""
        opens(oracle, self.monkeypatch)
        self.run_file(**tables)

    def asks_service(self, reply: Reply, adapter: str = "huggingface") -> None:
        """Let the run file name a service that replies so."""
        url, _ = self.servers.enter_context(serve(reply))
        self.monkeypatch.setenv("HF_TOKEN", "hf_wrong")
        named = {"adapter": adapter, "url": url, "model": "pets", "labels": ["cat", "dog"], "input_size": 8}
        self.run_file(oracle={**named, "key_env": "HF_TOKEN"})

    def prompt(self) -> None:
        """Leave a prompt of another task: prompt.png."""
        made = overlay_of("padding", "add")
        label_map = {"name": "given", "indices": [2, 0], "width": 3}
        meta = OverlayMeta(oracle="pets", classes=("cat", "dog"), label_map=label_map)
        write_overlay(self.folder / "prompt.png", Overlay(made.template, made.levels, meta))

    def fit(self) -> None:
        """Carry out run.toml into run/; whether that ends well is not said."""
        with pytest.raises(SystemExit):
            main(["fit", "run.toml", "--out", "run"])


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in table.items() if value is not None}
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in kept.items()}


class Interrupted(Digits):
    """Ctrl-C in the middle of a run."""

    def query(self, images: UInt8) -> Scores:
        if self.asked > 300:
            raise KeyboardInterrupt
        return super().query(images)


class Poor(Digits):
    """Answers until the budget has ended."""

    def query(self, images: UInt8) -> Scores:
        if 350 < self.asked < 400:
            self.asked += 100
            raise BudgetExhausted("the budget ended")
        return super().query(images)


class Blank(Digits):
    """Ranks no label above another, whatever it is shown."""

    def query(self, images: UInt8) -> Scores:
        return Scores(np.zeros_like(super().query(images).values), self.spec.answer)


def unfinished(scene: Scene) -> None:
    scene.asks(Interrupted())
    scene.fit()
    scene.asks(Digits())


def another_run(scene: Scene) -> None:
    scene.asks(Digits())
    scene.fit()
    scene.run_file(seed=2)


def other_images(scene: Scene) -> None:
    scene.asks(Digits())
    scene.fit()
    scene.run_file(seed=9)


def changed_images(*, fails: bool) -> Callable[[Scene], None]:
    """One photo more a class once a run has begun, and ended well or not."""

    def cause(scene: Scene) -> None:
        folders = [scene.folder / "digits" / str(number) for number in range(2)]
        digits = load_digits()
        for number, folder in enumerate(folders):
            folder.mkdir(parents=True)
            for index in np.flatnonzero(digits.target == number)[:60]:
                Image.fromarray((digits.images[index] * 15).astype(np.uint8)).save(folder / f"{index:04}.png")
        scene.asks(Interrupted() if fails else Digits(), data={"source": "folder:digits"})
        scene.fit()
        opens(Digits(), scene.monkeypatch)
        for folder in folders:
            Image.fromarray(np.full((8, 8), 7, np.uint8)).save(folder / "0000_new.png")

    return cause


def other_order(scene: Scene) -> None:
    scene.asks(Digits())
    scene.fit()
    turned = Digits()
    turned.spec = replace(turned.spec, labels=turned.spec.labels[::-1])
    scene.asks(turned)


def other_prompt(scene: Scene) -> None:
    scene.asks(Digits())
    scene.prompt()


def broken_image(scene: Scene) -> None:
    (scene.folder / "photos" / "broken.jpg").write_bytes(b"no image")
    scene.prompt()


def no_torch(scene: Scene) -> None:
    for name in [n for n in sys.modules if n.startswith("bbprompt_adapters.") and "http" not in n]:
        scene.monkeypatch.delitem(sys.modules, name)
    for name in ("torch", "efficientnet_lite_pytorch"):
        scene.monkeypatch.setitem(sys.modules, name, None)
    scene.run_file(oracle={"adapter": "efficientnet-lite0"})


def no_key(scene: Scene) -> None:
    scene.asks_service(lambda _: (200, b"[]"))
    scene.monkeypatch.delenv("HF_TOKEN")


def no_softmax(scene: Scene) -> None:
    url = scene.servers.enter_context(served(Digits()))
    oracle = {"adapter": "open-inference", "url": url, "model": "features", "answer": "probabilities"}
    scene.run_file(oracle=oracle)


def replies(status: int, body: Any, **named: str) -> Callable[[Scene], None]:
    return lambda scene: scene.asks_service(lambda _: (status, json.dumps(body).encode()), **named)


def digits(**tables: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.asks(Digits(), **tables)


def nothing(_: Scene) -> None:
    """The reader's folder as it is."""


CAUSES: dict[str, Callable[[Scene], None]] = {
    "A key that is not known": digits(data={"shot": 3}),
    "A table that is missing": lambda scene: scene.run_file(data=None),
    "An adapter that is not there": lambda scene: scene.run_file(oracle={"adapter": "open-inferense"}),
    "A loss that wants more than the answers say": lambda scene: scene.asks(
        LabelOnly(Digits()), fit={"loss": "cross-entropy"}
    ),
    "A label map that wants more than the answers say": lambda scene: scene.asks(
        LabelOnly(Digits()), labels={"map": "bayesian+"}
    ),
    "Gradients through an API": digits(fit={"method": "gradient"}),
    "A package that is not installed": no_torch,
    "Too few images": digits(data={"shots": 500}),
    "A folder that is not one of classes": digits(data={"source": "folder:photos"}),
    "No limit": digits(budget=None),
    "Too small": digits(budget={"queries": 150}),
    "Dollars without a price": digits(budget={"queries": None, "usd": 5.0}),
    "It ended first": lambda scene: scene.asks(Poor()),
    "Nobody answers": lambda scene: scene.run_file(
        oracle={"adapter": "open-inference", "url": "http://127.0.0.1:9", "model": "m"}
    ),
    "A key that is not set": no_key,
    "A key that is wrong": replies(401, {"error": "Invalid username or password"}),
    "It asks to wait": replies(429, {"error": "slow down", "estimated_time": 3600}),
    "Everything fails": replies(500, {"error": "out of memory"}),
    "An image that it will not score": replies(
        400, {"error": {"code": "unsafe_image", "message": "it may show violence"}}, adapter="openai-chat"
    ),
    "Answers without a label": lambda scene: scene.asks(Blank()),
    "A label that is not listed": replies(200, [{"label": "tiger", "score": 0.9}]),
    "Probabilities that are none": no_softmax,
    "Unfinished, and not resumed": unfinished,
    "Another run's": another_run,
    "Images that have changed": changed_images(fails=True),
    "A replay that lacks answers": other_images,
    "A PNG without its text": nothing,
    "Another run's prompt": other_prompt,
    "Images that the run did not have": changed_images(fails=False),
    "Another order of labels": other_order,
    "Images that cannot be read": broken_image,
}


@pytest.fixture
def scene(player: Player, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with ExitStack() as servers:
        yield Scene(photos, monkeypatch, player, servers)


def test_every_failure_on_the_page_has_a_cause_here() -> None:
    assert list(SECTIONS) == list(CAUSES)


@pytest.mark.parametrize("heading", CAUSES)
def test_the_product_says_what_the_page_says(heading: str, scene: Scene) -> None:
    CAUSES[heading](scene)
    scene.player.forget()
    (block,) = fenced(SECTIONS[heading], "console")
    for command in typed(block):
        assert command.says
        scene.player.type(command)
