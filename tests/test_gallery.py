"""The gallery: every prompt as it is, stretched and laid, on a page that needs nothing and tells no address."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from bbprompt.deploy.laying import apply_to_file
from bbprompt.errors import ConfigError, DataError, OverlayError
from bbprompt.overlay import Overlay, OverlayMeta, encode_overlay, read_overlay
from bbprompt.records import EXAMPLES, HISTORY, OVERLAY, RESULT
from bbprompt.report import open_exhibit, write_gallery
from bbprompt.report.gallery import facts
from bbprompt.report.pictures import stretched_uri
from bbprompt.templates import make_template
from tests.fake_runs import SIDE, fake_run, gradient_run
from tests.golden.cases import FOLDER

URL = "http://10.1.2.3:8000/v2"


def prompt(*, oracle: str = f"{URL} resnet 1", level: int = 40) -> Overlay:
    template = make_template("padding", canvas=(SIDE, SIDE), size=2, blend="add")
    meta = OverlayMeta(
        oracle=oracle,
        classes=("<cat>", "dog"),
        label_map={"name": "given", "indices": [0, 1], "width": 9},
        training={"method": "spsa", "queries": 1234},
    )
    return Overlay(template, np.where(template.mask[..., None], level, 0).repeat(3, axis=2), meta)


def run_folder(folder: Path) -> Path:
    folder.mkdir()
    run = fake_run(folder.name)
    (folder / OVERLAY).write_bytes(encode_overlay(prompt()))
    (folder / RESULT).write_bytes(msgspec.json.encode(run.result))
    (folder / HISTORY).write_bytes(b"".join(msgspec.json.encode(at) + b"\n" for at in run.history))
    run.examples.save(folder / EXAMPLES)
    return folder


def gallery(tmp_path: Path, *prompts: Path, images: tuple[Path, ...] = ()) -> str:
    write_gallery(tmp_path / "g.html", [open_exhibit(each, images) for each in prompts], title="<Prompts>")
    return (tmp_path / "g.html").read_text(encoding="utf-8")


def decoded(uri: str) -> np.ndarray:
    png = b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def pictures(page: str) -> list[np.ndarray]:
    return [decoded(uri) for uri in re.findall(r'src="([^"]*)"', page)]


def test_a_run_is_shown_as_it_is_stretched_and_over_its_own_test_images(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    page = gallery(tmp_path, folder)
    png = (folder / OVERLAY).read_bytes()
    examples = fake_run().examples
    levels = prompt().levels.astype(np.uint8) + 128
    expected = [levels.astype(np.uint8), decoded(stretched_uri(png))]
    expected += [view for pair in zip(examples.before, examples.after, strict=True) for view in pair]
    for found, wanted in zip(pictures(page), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_the_caption_has_task_accuracy_queries_and_oracle(tmp_path: Path) -> None:
    said = facts(prompt(oracle="resnet 1"), fake_run().result)
    assert said["task"] == "2 classes: <cat>, dog"
    assert said["accuracy"] == "74.0 % [64.6, 81.6]"
    assert said["no prompt + linear"].startswith("31.0 %")
    assert said["queries"] == "12,345"
    assert said["oracle"] == "resnet 1"
    assert facts(prompt(), gradient_run().result)["passes"] == "16,000"
    page = gallery(tmp_path, run_folder(tmp_path / "run"))
    for value in ("74.0 % [64.6, 81.6]", "12,345", "resnet 1", "2 classes: &lt;cat&gt;, dog"):
        assert value in page


def test_a_png_alone_is_shown_over_the_images_given(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(encode_overlay(prompt()))
    photo = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    page = gallery(tmp_path, tmp_path / "mine.png", images=(tmp_path / "photo.png",))
    np.testing.assert_array_equal(pictures(page)[-1], prompt().apply(photo[None])[0])
    assert "1,234 in training" in page
    assert "accuracy" not in page
    assert len(pictures(gallery(tmp_path, tmp_path / "mine.png"))) == 2


def test_an_image_of_another_size_is_laid_as_apply_lays_it(tmp_path: Path) -> None:
    shrinking = FOLDER / "padding-shrink-over.png"
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    apply_to_file(read_overlay(shrinking), tmp_path / "photo.png", tmp_path / "laid.png")
    page = gallery(tmp_path, shrinking, images=(tmp_path / "photo.png",))
    np.testing.assert_array_equal(pictures(page)[-1], np.asarray(Image.open(tmp_path / "laid.png")))


def test_the_page_asks_for_nothing_and_tells_no_address(tmp_path: Path) -> None:
    page = gallery(tmp_path, run_folder(tmp_path / "run"))
    assert "10.1.2.3" not in page
    assert str(tmp_path) not in page
    assert not re.search(r"<(script|link|iframe|object|base)\b|@import|url\(|https?://", page)
    assert set(re.findall(r'(?:src|href)="(data:image/png|#)?', page)) == {"data:image/png"}


def test_the_same_prompts_give_the_same_bytes(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    assert gallery(tmp_path, folder) == gallery(tmp_path, folder)


def test_what_is_no_prompt_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    with pytest.raises(OverlayError, match=r"photo\.png"):
        open_exhibit(tmp_path / "photo.png")
    with pytest.raises(DataError, match="not a finished run"):
        open_exhibit(tmp_path)
    with pytest.raises(DataError, match="needs a prompt"):
        write_gallery(tmp_path / "g.html", [], title="none")
    exhibit = open_exhibit(run_folder(tmp_path / "run"))
    with pytest.raises(ConfigError, match="cannot write"):
        write_gallery(tmp_path / "nowhere" / "g.html", [exhibit], title="none")


def test_the_png_in_the_page_is_the_prompt_without_its_oracle_s_address(tmp_path: Path) -> None:
    page = gallery(tmp_path, run_folder(tmp_path / "run"))
    first = re.search(r'src="data:image/png;base64,([^"]*)"', page)
    assert first is not None
    (tmp_path / "saved.png").write_bytes(b64decode(first[1]))
    found = read_overlay(tmp_path / "saved.png")
    np.testing.assert_array_equal(found.levels, prompt().levels)
    assert found.meta == msgspec.structs.replace(prompt().meta, oracle="resnet 1")
