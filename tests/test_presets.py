"""Published methods by name: what a run file says itself stands above the preset."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bbprompt.config import dump_config, parse_config
from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.fit.frame import first_width
from bbprompt.fit.gradient_settings import GradientSettings, schedule
from bbprompt.labelmaps import LABEL_MAPS
from bbprompt.parametrisations import make_parametrisation
from bbprompt.presets import PRESETS
from bbprompt.templates import make_template

BASE: dict[str, Any] = {"oracle": {"adapter": "x"}, "data": {"source": "digits"}}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_whole_method(name: str) -> None:
    config = parse_config({**BASE, "preset": name})
    asked = config.prompt
    size = first_width((224, 224)) if asked.learn_size else asked.size or 0
    template = make_template(asked.template, canvas=(224, 224), blend=asked.blend, size=size, shrink=asked.shrink)
    parametrisation = make_parametrisation(
        asked.parametrisation, mask=template.mask, cells=asked.cells, bound_levels=asked.bound_levels
    )
    assert parametrisation.size == 2 * 3 * size * (448 - 2 * size)
    assert config.labels.map in LABEL_MAPS
    assert config.fit.method == "gradient"
    convert(config.fit.options, GradientSettings)


def test_vp_has_the_papers_parameters() -> None:
    asked = parse_config({**BASE, "preset": "vp"}).prompt
    assert make_template("padding", canvas=(224, 224), blend="add", size=asked.size).mask.sum() * 3 == 69_840


def test_the_run_files_own_keys_stand_above() -> None:
    config = parse_config({**BASE, "preset": "ilm-vp", "prompt": {"size": 5}, "fit": {"epochs": 3}})
    assert (config.prompt.size, config.prompt.blend, config.labels.map) == (5, "over", "iterative")
    assert (config.fit.options["epochs"], config.fit.options["decay"]) == (3, "steps")


def test_a_run_file_that_was_written_down_needs_no_preset() -> None:
    config = parse_config({**BASE, "preset": "evp"})
    assert "preset" not in dump_config(config)


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        ("evq", "did you mean 'evp'"),
        (3, "preset must be a name"),
        ("vp-normalised", "no PNG can hold it.*use preset 'vp'"),
    ],
)
def test_unknown_presets_are_refused(preset: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config({**BASE, "preset": preset})


def test_schedules_are_the_published_ones() -> None:
    steps = GradientSettings(decay="steps")
    shares = [schedule(step, 100, steps) for step in (0, 49, 50, 71, 72, 99)]
    assert shares == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    cosine = GradientSettings(warmup_steps=10)
    assert [schedule(step, 110, cosine) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    for step in (10, 35, 60, 110):
        assert schedule(step, 110, cosine) == pytest.approx((1 + math.cos(math.pi * (step - 10) / 100)) / 2)
