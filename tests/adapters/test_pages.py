"""docs/adapters: a page per shipped adapter, whose tables are the adapter's own and whose run file opens it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bbprompt.config import OracleConfig, parse_config
from bbprompt.errors import MissingExtra
from bbprompt.registry import ORACLES
from bbprompt_adapters.declarative.files import AdapterFile, read_vendor, vendor_names
from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.open_inference.client import open_oracle as open_inference
from tests.adapters.open_inference.fakes import Brightness, through

PAGES = Path(__file__).resolve().parents[2] / "docs" / "adapters"
GENERAL = ("README", "write-your-own")
NEEDED = "needed"
UNLIMITED = 50_000_000
"""Bytes of an image: the grammar's own bound, no vendor's."""

MISSING = {
    "probabilities": "an error",
    "top_k": "an equal share of the rest",
    "tags": "below the threshold: {half:g} stands for it",
    "similarity": "an error",
}
ENTRY_POINTS = {point.name: point for point in entry_points(group=ORACLES) if "bbprompt_adapters" in point.module}
LOCAL = sorted(set(ENTRY_POINTS) - set(vendor_names()) - {"open-inference"})


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def oracle_of(name: str) -> OracleConfig:
    """What the page's run file says of the oracle."""
    blocks = re.findall(r"```toml\n# run\.toml\n(.*?)```", page(name), re.DOTALL)
    assert len(blocks) == 1
    return parse_config(tomllib.loads(blocks[0])).oracle


def facts(adapter: AdapterFile) -> dict[str, str]:
    """Rows that the first table of a service's page must have."""
    image, answer, price = adapter.image, adapter.answer, adapter.price
    size, least = (" x ".join(map(str, pair)) for pair in (image.size, image.min_size))
    limits = [f"at least {least} pixels"] if least != "1 x 1" else []
    limits += [f"at most {image.max_bytes:,} bytes"] if image.max_bytes != UNLIMITED else []
    form = f"{image.encoding} as {image.form}, {size} unless `input_size` says otherwise"
    most = adapter.batch.max
    threshold = answer.threshold if isinstance(answer.threshold, float) else 0.0
    return {
        "image": ", ".join([form, *limits]),
        "images in a request": "1"
        if most == 1
        else f"{adapter.batch.default or most}, up to {most} by `max_batch`",
        "requests at once": f"up to {adapter.batch.in_flight}, `max_in_flight`",
        "key": key(adapter),
        "scores": f"`{answer.kind}`" + (" of an open vocabulary" if answer.open_vocabulary else ""),
        "a label that is not listed": MISSING[answer.kind].format(half=threshold / 2),
        "price": f"`usd_per_{price.unit}`"
        + (", with `most_per_request`" if price.unit in ("token", "second") else ""),
        "vendor's documents": f"<{adapter.about.docs}>",
    }


def key(adapter: AdapterFile) -> str:
    if adapter.auth is None or not adapter.auth.required:
        return "none; `key_env` names the variable of a bearer token"
    if adapter.auth.scheme == "sigv4":
        return "AWS credentials, from where AWS's tools find them"
    return f"`{adapter.auth.env}` in the environment, or the variable that `key_env` names"


def rows(name: str) -> dict[str, str]:
    """Keys of ``[oracle]`` that a service adds, with their defaults."""
    return {
        option: f"`{table.default}`" if table.default is not None else NEEDED
        for option, table in read_vendor(name).options.items()
    }


def local_rows(name: str) -> dict[str, str]:
    """Keys of a local adapter, read from its source: what it imports need not be installed."""
    spec = importlib.util.find_spec(ENTRY_POINTS[name].module)
    assert spec is not None
    assert spec.origin is not None
    return class_rows(Path(spec.origin).read_text(encoding="utf-8"))


def class_rows(source: str, name: str = "Options") -> dict[str, str]:
    tree = ast.parse(source)
    constants = {
        ast.unparse(node.targets[0]): ast.unparse(node.value) for node in tree.body if isinstance(node, ast.Assign)
    }
    (options,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    fields = [field for field in options.body if isinstance(field, ast.AnnAssign)]
    return {ast.unparse(field.target): default(field.value, constants) for field in fields}


def default(value: ast.expr | None, constants: dict[str, str]) -> str:
    """A constant of the module by its value, like any other; nothing where ``None`` stands for "left out"."""
    if value is None:
        return NEEDED
    text = ast.unparse(value)
    return "" if text == "None" else f"`{constants.get(text, text)}`"


def test_every_adapter_has_a_page_and_every_page_an_adapter() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted([*ENTRY_POINTS, *GENERAL])


def test_the_index_leads_to_every_page() -> None:
    linked = re.findall(r"\]\(([a-z0-9-]+)\.md\)", page("README"))
    assert sorted(set(linked)) == sorted([*ENTRY_POINTS, "write-your-own"])


def test_the_index_has_the_keys_of_every_service() -> None:
    source = inspect.getsource(importlib.import_module("bbprompt_adapters.declarative.options"))
    check_options(page("README"), class_rows(source, "Common"))


@pytest.mark.parametrize("name", vendor_names())
def test_a_services_page_says_what_its_file_says(name: str) -> None:
    text = page(name)
    assert read_vendor(name).about.title in text
    for fact, value in facts(read_vendor(name)).items():
        assert f"| {fact} | {value} |\n" in text, fact
    check_options(text, rows(name))


@pytest.mark.parametrize("name", vendor_names())
def test_a_services_run_file_opens_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("imagenet_labels.txt").write_text("tench\ngoldfish\n", encoding="utf-8")
    chosen, auth = oracle_of(name), read_vendor(name).auth
    for variable in (auth and auth.env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if variable:
            monkeypatch.setenv(variable, "a-key")
    assert chosen.adapter == name
    oracle = open_vendor(name, chosen.options)
    oracle.close()
    assert oracle.spec.answer == read_vendor(name).answer.kind


def test_open_inference_is_described_and_opens() -> None:
    chosen, options = (
        oracle_of("open-inference"),
        importlib.import_module("bbprompt_adapters.open_inference.options"),
    )
    check_options(page("open-inference"), class_rows(inspect.getsource(options)))
    spec = open_inference({**chosen.options, "model": "brightness"}, transport=through(Brightness())).spec
    assert (chosen.adapter, spec.labels) == ("open-inference", ("red", "green", "blue"))


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_adapters_page_has_its_keys_and_a_run_file_of_them(name: str) -> None:
    keys, chosen = local_rows(name), oracle_of(name)
    check_options(page(name), keys)
    assert chosen.adapter == name
    assert {key for key, value in keys.items() if value == NEEDED} <= set(chosen.options) <= set(keys)


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_run_files_values_are_accepted(name: str) -> None:
    from bbprompt.config_struct import convert

    try:
        options = importlib.import_module(ENTRY_POINTS[name].module).Options
    except MissingExtra as error:
        pytest.skip(f"{error}")
    convert(oracle_of(name).options, options, where="[oracle]")


def check_options(text: str, expected: dict[str, str]) -> None:
    """The page's table of keys has exactly these rows."""
    found = re.findall(r"^\| `(\w+)` \|([^|]*)\|", text, re.MULTILINE)
    assert {name: cell.strip() for name, cell in found} == expected
    assert len(found) == len(expected)
