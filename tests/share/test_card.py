"""A card holds the prompt twice, and the two are one; its header is the hub's; nothing in it is for friends only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import safetensors.numpy
from huggingface_hub import ModelCard
from PIL import Image

from bbprompt.checkpoint import load_state
from bbprompt.errors import ConfigError, DataError, OverlayError
from bbprompt.labelmaps import LABEL_MAPS, load_label_map
from bbprompt.labelmaps.linear import Linear
from bbprompt.overlay import Overlay, OverlayMeta, read_overlay, write_overlay
from bbprompt.records import CHECKPOINT, RESULT, load_run
from bbprompt.share import Said, read_card, write_card
from bbprompt.share.card import CARD, FILES, PNG, PREVIEW, TENSORS
from bbprompt.share.tensors import read_tensors, tensors_of, write_tensors
from bbprompt.table import accuracy
from bbprompt.templates import make_template
from tests.fake_runs import SECRET


@pytest.fixture
def card(run_dir: Path, tmp_path: Path) -> Path:
    write_card(run_dir, tmp_path / "card")
    return tmp_path / "card"


def tensors(card: Path) -> dict[str, np.ndarray]:
    return safetensors.numpy.load_file(card / TENSORS)


def test_the_pixels_in_both_files_are_the_run_s(card: Path, run_dir: Path) -> None:
    ours = np.asarray(Image.open(run_dir / "prompt.png"))
    np.testing.assert_array_equal(np.asarray(Image.open(card / PNG)), ours)
    np.testing.assert_array_equal(tensors(card)["pixels"], ours)
    np.testing.assert_array_equal(read_card(card).levels, read_overlay(run_dir / "prompt.png").levels)


def test_the_label_map_in_both_files_is_the_run_s(card: Path, run_dir: Path) -> None:
    ours = load_label_map(read_overlay(run_dir / "prompt.png").meta.label_map)
    found = tensors(card)
    np.testing.assert_array_equal(found["label_map.weight"], ours.weight)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found["label_map.offset"], ours.offset)  # type: ignore[attr-defined]
    assert read_card(card).meta.label_map == ours.state()


def test_theta_is_what_the_png_was_rendered_from(card: Path, run_dir: Path) -> None:
    theta = load_state(run_dir / CHECKPOINT)["selection"]["best"]["theta"]
    np.testing.assert_array_equal(tensors(card)["theta"], theta)


def test_without_a_checkpoint_that_renders_to_the_png_there_is_no_theta(run_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(run_dir, tmp_path / "run")
    other = read_overlay(run_dir / PNG)
    write_overlay(tmp_path / "run" / PNG, Overlay(other.template, other.levels.clip(-1, 1) + 1, other.meta))
    write_card(tmp_path / "run", tmp_path / "other")
    (tmp_path / "run" / CHECKPOINT).unlink()
    write_card(tmp_path / "run", tmp_path / "none")
    for name in ("other", "none"):
        assert "theta" not in tensors(tmp_path / name)
        read_card(tmp_path / name)


@pytest.mark.parametrize("name", sorted(LABEL_MAPS))
def test_every_label_map_has_its_arrays(name: str, tmp_path: Path) -> None:
    weight = np.arange(18, dtype=np.float32).reshape(6, 3)
    built = {
        "mean": ({"indices": [[0, 1], [2, 3], [4, 5]], "width": 6}, {"label_map.indices"}),
        **dict.fromkeys(("bayesian", "bayesian+", "linear"), (None, {"label_map.weight", "label_map.offset"})),
    }
    state, arrays = built.get(name, ({"indices": [5, 0, 2], "width": 6}, {"label_map.indices"}))
    state = LABEL_MAPS[name](weight, weight[0]).state() if state is None else {"name": name, **state}  # type: ignore[call-arg]
    meta = OverlayMeta(oracle="o", classes=("a", "b", "c"), label_map=state)
    template = make_template("padding", canvas=(8, 8), size=2, blend="over")
    overlay = Overlay(template, template.mask[..., None].repeat(3, axis=2) * 200, meta)
    write_tensors(tmp_path / TENSORS, overlay, None)
    found, _ = read_tensors(tmp_path / TENSORS)
    assert set(found) == {"pixels"} | arrays
    assert found["pixels"].shape == (8, 8, 4)
    for key, value in tensors_of(overlay).items():
        np.testing.assert_array_equal(found[key], value)


def test_a_floor_is_among_a_label_map_s_arrays(tmp_path: Path) -> None:
    weight = np.arange(18, dtype=np.float32).reshape(6, 3)
    meta = OverlayMeta(oracle="o", classes=("a", "b", "c"), label_map=Linear(weight, weight[0], -9.5).state())
    template = make_template("padding", canvas=(8, 8), size=2, blend="over")
    write_tensors(
        tmp_path / TENSORS, Overlay(template, template.mask[..., None].repeat(3, axis=2) * 200, meta), None
    )
    found, _ = read_tensors(tmp_path / TENSORS)
    assert found["label_map.floor"].tolist() == [-9.5]


def test_the_header_is_the_hub_s_and_holds_the_run_s_figures(card: Path, run_dir: Path) -> None:
    result = load_run(run_dir).result
    data = ModelCard.load(card / CARD).data
    assert data.library_name == "bbprompt"
    assert data.pipeline_tag == "image-classification"
    found = {each.metric_name: each for each in data.eval_results}
    assert found["accuracy with the prompt"].metric_value == result.prompt.accuracy
    assert found["accuracy without a prompt"].metric_value == result.no_prompt.accuracy
    for each in found.values():
        assert (each.task_type, each.metric_type, each.dataset_name) == (
            "image-classification",
            "accuracy",
            "digits",
        )


def test_the_text_says_accuracy_cost_and_how_to_use_it(card: Path, run_dir: Path) -> None:
    text, result = (card / CARD).read_text(encoding="utf-8"), load_run(run_dir).result
    assert f"| with the prompt | {accuracy(result.prompt)} | {result.costs.queries:,} |" in text
    assert "**features 3**" in text
    assert f"bbprompt apply {PNG} photos/" in text
    assert "| fit.method | antithetic |" in text
    assert "`label_map.weight` float32 12x10" in text
    assert all(f"`{name}`" in text for name in (PNG, TENSORS, PREVIEW))


@pytest.mark.parametrize("shrink", [False, True])
def test_the_text_says_what_to_do_with_an_image_first(run_dir: Path, tmp_path: Path, shrink: bool) -> None:
    shutil.copytree(run_dir, tmp_path / "run")
    meta = read_overlay(run_dir / PNG).meta
    template = make_template("padding", canvas=(8, 10), size=2, blend="add", shrink=shrink)
    write_overlay(tmp_path / "run" / PNG, Overlay(template, np.zeros((8, 10, 3), np.int64), meta))
    text = write_card(tmp_path / "run", tmp_path / "card").read_text(encoding="utf-8")
    assert ("shrink an image to 6 x 4 pixels, in the middle of grey 128" in text) is shrink
    assert ("resize an image to the prompt's size" in text) is not shrink


def test_nothing_in_any_file_says_where_the_service_or_the_run_is(card: Path) -> None:
    assert {path.name for path in card.iterdir()} == set(FILES)
    for path in card.iterdir():
        content = path.read_bytes()
        for secret in (SECRET, "https://", "/home", "/tmp", "key_env"):
            assert secret.encode() not in content, path.name


def test_the_author_may_say_more(run_dir: Path, tmp_path: Path) -> None:
    said = Said(title="Digits, *read*", oracle="Vendor's v2", dataset="MNIST|8", license="mit", repository="me/d")
    write_card(run_dir, tmp_path / "card", said=said)
    text, data = (
        (tmp_path / "card" / CARD).read_text(encoding="utf-8"),
        ModelCard.load(tmp_path / "card" / CARD).data,
    )
    assert "# Digits, \\*read\\*\n" in text
    assert "bbprompt pull me/d --out prompt" in text
    assert r"| data.source | MNIST\|8 |" in text
    assert (data.license, data.eval_results[0].dataset_name) == ("mit", "MNIST|8")
    assert read_card(tmp_path / "card").meta.oracle == "Vendor's v2"


def test_names_are_shown_and_never_obeyed(run_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(run_dir, tmp_path / "run")
    overlay = read_overlay(run_dir / PNG)
    classes = ("<script>", "---\nlicense: x", "a|b", *overlay.meta.classes[3:])
    write_overlay(
        tmp_path / "run" / PNG,
        Overlay(overlay.template, overlay.levels, msgspec.structs.replace(overlay.meta, classes=classes)),
    )
    text = write_card(tmp_path / "run", tmp_path / "card").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert r"\<script\>, --- license: x, a\|b, 3" in text
    assert "license" not in ModelCard(text).data.to_dict()


def test_the_same_run_gives_the_same_bytes(run_dir: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_card(run_dir, tmp_path / name)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("damage", ["pixels", "label_map.weight", "chunk", "missing", "cut"])
def test_two_files_that_are_not_of_one_prompt_are_refused(card: Path, damage: str) -> None:
    path, found = card / TENSORS, tensors(card)
    chunk = json.dumps({"version": 1}) if damage == "chunk" else read_tensors(path)[1]["bbprompt"]
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        if damage in found:
            found[damage] = found[damage].copy()
            found[damage].flat[0] += 1
        safetensors.numpy.save_file(found, path, metadata={"bbprompt": chunk})
    with pytest.raises(OverlayError, match="cannot read" if damage in ("missing", "cut") else damage):
        read_card(card)


def test_an_unfinished_run_and_a_folder_that_cannot_be_are_refused(run_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(run_dir, tmp_path / "run")
    (tmp_path / "run" / RESULT).unlink()
    with pytest.raises(DataError, match="not a finished run"):
        write_card(tmp_path / "run", tmp_path / "card")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write into"):
        write_card(run_dir, tmp_path / "file")
