"""The pages that tell how, played from top to bottom against real servers on loopback."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image
from sklearn.datasets import load_digits

from bbprompt.oracle import Oracle
from bbprompt.overlay import Overlay, OverlayMeta, describe, write_overlay
from bbprompt.registry import open_oracle
from bbprompt.templates import Blend
from tests.adapters.declarative.loopback import Sent, serve
from tests.docs.conftest import lite0, served
from tests.docs.pages import DOCS
from tests.docs.player import Player
from tests.golden.cases import overlay_of
from tests.run.conftest import Digits, document, opens

LITE0_URL = "http://127.0.0.1:8000"
HF_URL = "https://router.huggingface.co/hf-inference/models"
LABELS = [f"label {number}" for number in range(12)]


def test_quickstart(player: Player, photos: Path) -> None:
    with served(lite0()) as url:
        player.here = {LITE0_URL: url}
        player.play(DOCS / "quickstart.md")
    assert (photos / "prompted" / "cat.png").exists()


def test_compare(player: Player, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from tests.fit.test_by_gradient import torch_twin

    twin = torch_twin()
    twin.spec = replace(twin.spec, name="efficientnet-lite0@twin")

    def opens(adapter: str, options: dict[str, object]) -> Oracle:
        return twin if adapter == "efficientnet-lite0" else open_oracle(adapter, options)

    monkeypatch.setattr("bbprompt.task.open_oracle", opens)
    with served(twin) as url:
        player.here = {LITE0_URL: url, "queries = 4000": "queries = 1500", "epochs = 20": "epochs = 4"}
        names = player.play(DOCS / "compare.md")
    assert names["best"]["g"] > names["best"]["q"]  # type: ignore[index]
    assert {path.suffix for path in (photos / "figures").iterdir()} == {".pdf", ".svg"}


def classify(sent: Sent) -> tuple[int, bytes]:
    """A classifier on Hugging Face's routers: what it makes of an image depends on the image."""
    assert sent.headers["authorization"] == "Bearer hf_..."
    assert sent.path == "/google/vit-base-patch16-224"
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(sent.json["inputs"]))))
    assert image.shape == (32, 32, 3)
    features = image.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3, 4)).ravel() / 255
    logits = 8 * np.random.default_rng(0).normal(size=(len(LABELS), len(features))) @ features / 8
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    best = np.argsort(-shares)[: sent.json["parameters"]["top_k"]]
    return 200, json.dumps([{"label": LABELS[i], "score": float(shares[i])} for i in best]).encode()


def test_adapt_your_api(player: Player, photos: Path) -> None:
    digits = load_digits()
    for number in (0, 1):
        folder = photos / "photos" / f"digit {number}"
        folder.mkdir()
        for index in np.flatnonzero(digits.target == number)[:70]:
            Image.fromarray((digits.images[index] * 15).astype(np.uint8)).save(folder / f"{index}.png")
    (photos / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    with serve(classify) as (url, asked):
        player.here = {HF_URL: url, "= 224": "= 32", "= 600": "= 600000"}
        player.play(DOCS / "adapt-your-api.md")
    assert len(asked) <= 801
    assert (photos / "run" / "prompt.png").read_bytes() == (photos / "again" / "prompt.png").read_bytes()
    assert b"hf_..." not in b"".join(path.read_bytes() for path in (photos / "run").iterdir())


@pytest.mark.parametrize("side", [(12, 15), (30, 41)])
@pytest.mark.parametrize(
    ("name", "blend"),
    [
        ("padding", "add"),
        ("padding", "over"),
        ("padding-shrink", "over"),
        ("full-image-shrink", "add"),
        ("grey", "add"),
    ],
)
def test_ship(player: Player, photos: Path, name: str, blend: Blend, side: tuple[int, int]) -> None:
    made = overlay_of("full-image-shrink" if name == "grey" else name, blend)
    if name == "grey":  # all that it does is shrink the image
        made = replace(made, levels=0 * made.levels)
    meta = OverlayMeta(
        oracle="pets", classes=("cat", "dog"), label_map={"name": "given", "indices": [2, 0], "width": 3}
    )
    write_overlay(photos / "prompt.png", Overlay(made.template, made.levels, meta))
    pixels = np.random.default_rng(0).integers(0, 256, (*side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photos / "photo.png")
    shown = describe(made)
    player.here = {"{'name': 'padding', 'size': 3}": str(shown["template"]), "blend: add": f"blend: {blend}"}
    names = player.play(DOCS / "ship.md")
    assert names["predicted"] == ["cat", "dog"]
    laid = np.asarray(Image.open(photos / "laid.png"))
    assert np.array_equal(laid, made.apply(pixels[None])[0])


def test_write_an_estimator(player: Player, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(Digits(), monkeypatch)
    monkeypatch.syspath_prepend(photos)
    (photos / "run.toml").write_text(tomli_w.dumps(document()), encoding="utf-8")
    names = player.play(DOCS / "write-an-estimator.md")
    assert names["found"].queries <= 2000  # type: ignore[attr-defined]
    monkeypatch.delitem(sys.modules, "vote")


def test_the_theory_of_answers_alone_adds_up(player: Player) -> None:
    player.play(DOCS / "theory/queries.md")
