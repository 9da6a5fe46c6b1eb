"""docs/reference/run-file.md has every key of a run file, with the default that the code really takes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from bbprompt.config import BudgetConfig, DataConfig, LabelsConfig, PromptConfig, parse_config
from bbprompt.estimators import ESTIMATORS, FAMILIES, GUIDED
from bbprompt.fit.by_imitation import ImitationSettings
from bbprompt.fit.gradient_settings import GradientSettings
from bbprompt.methods import AutoSettings
from bbprompt.presets import PRESETS
from bbprompt_adapters.declarative.options import Common
from bbprompt_adapters.open_inference.options import Options
from benchmarks.reference import LEFT_OUT, PAGE, REQUIRED, page

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#{2,3} (.+?)\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "[data]": DataConfig,
    "[prompt]": PromptConfig,
    "[labels]": LabelsConfig,
    "[budget]": BudgetConfig,
    "Adapter open-inference": Options,
    "Adapters that a file describes": Common,
    "Method auto": AutoSettings,
    "Method gradient": GradientSettings,
    "Method ares": ImitationSettings,
}
SEARCHES: dict[str, Callable[..., object]] = {
    **{f"Method {name}": kind for name, kind in {**ESTIMATORS, **GUIDED}.items()},
    **{f"Methods {name}:NAME": kind for name, kind in FAMILIES.items()},
}


def shown(section: str) -> dict[str, Any]:
    """Keys and defaults in a section's first table, as values."""
    table = SECTIONS[section].partition("| --- | --- | --- |\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| \S", table, re.MULTILINE)
    return {
        key: default if default in (REQUIRED, LEFT_OUT) else json.loads(default.strip("`")) for key, default in rows
    }


def of_struct(struct: type[msgspec.Struct]) -> dict[str, Any]:
    values = {}
    for field in msgspec.structs.fields(struct):
        made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        values[field.name] = REQUIRED if field.required else LEFT_OUT if made is None else made
    return values


def of_search(kind: Callable[..., object]) -> dict[str, Any]:
    """Keyword options; ``rng``, ``prior`` and ``name`` are not a run file's."""
    keywords = [p for p in inspect.signature(kind).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return {
        p.name: LEFT_OUT if p.default is None else p.default
        for p in keywords
        if p.name not in ("rng", "prior", "name")
    }


def test_the_page_is_what_the_code_says() -> None:
    assert page() == TEXT, "python -m benchmarks.reference writes it again"


@pytest.mark.parametrize("section", STRUCTS)
def test_a_table_has_the_keys_and_defaults_of_its_struct(section: str) -> None:
    assert shown(section) == of_struct(STRUCTS[section])


@pytest.mark.parametrize("section", SEARCHES)
def test_a_method_has_the_options_and_defaults_of_its_class(section: str) -> None:
    options = shown(section)
    if section.removeprefix("Method ") in GUIDED:
        assert options.pop("student") == "efficientnet-lite0"
    assert options == of_search(SEARCHES[section])


def test_what_stands_at_the_top_of_a_table_is_what_a_run_gets() -> None:
    config = parse_config({"oracle": {"adapter": "a"}, "data": {"source": "digits"}})
    assert shown("[fit]") == {"method": config.fit.method, "loss": config.fit.loss, "looks": config.fit.looks}
    assert shown("[oracle]") == {"adapter": REQUIRED, "encoding": LEFT_OUT}
    assert config.oracle.encoding is None
    assert shown("At the top") == {"seed": config.seed, "preset": LEFT_OUT}
    assert all(name in SECTIONS["At the top"] for name in PRESETS)
