"""The format's page and schema say what the code does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from bbprompt.errors import UsageError
from bbprompt.overlay_chunk import Chunk, TemplateOptions, decode_chunk
from bbprompt.png import open_png
from bbprompt.templates import BLENDS, TEMPLATES
from tests.golden.cases import CASES, FOLDER, overlay_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCHEMA = json.loads((DOCS / "format.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def golden(name: str = "padding", blend: str = "add") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(open_png((FOLDER / f"{name}-{blend}.png").read_bytes()).info["bbprompt"])
    return document


@pytest.mark.parametrize(("name", "blend"), CASES)
def test_every_golden_chunk_is_valid(name: str, blend: str) -> None:
    VALIDATOR.validate(golden(name, blend))


def test_the_schema_has_the_keys_and_names_of_the_code() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {field.name for field in msgspec.structs.fields(Chunk)}
    assert set(SCHEMA["required"]) == {field.name for field in msgspec.structs.fields(Chunk) if field.required}
    template = SCHEMA["$defs"]["template"]["properties"]
    assert set(template) == {field.name for field in msgspec.structs.fields(TemplateOptions)}
    assert set(template["name"]["enum"]) == set(TEMPLATES)
    assert set(SCHEMA["properties"]["blend"]["enum"]) == set(BLENDS)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"blend": "multiply"},
        {"input_size": [12]},
        {"classes": "zero"},
        {"colour": 1},
        {"template": {"name": "padding"}},
        {"template": {"name": "padding", "size": "3"}},
        {"template": {"name": "full-image", "size": 3}},
        {"template": {"name": "full-image", "shrink": True}},
        {"template": {"name": "single-pixel", "size": 3}},
        {"template": {"name": "fixed-patch", "size": 5, "shrink": True}},
        {"template": {"name": "frame", "size": 3}},
    ],
)
def test_schema_and_code_refuse_the_same_chunks(changes: dict[str, Any]) -> None:
    chunk = golden() | changes
    assert not VALIDATOR.is_valid(chunk)
    with pytest.raises(UsageError):
        decode_chunk(json.dumps(chunk), size=overlay_of("padding", "add").template.canvas)


def test_the_page_names_every_key() -> None:
    page = (DOCS / "format.md").read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in page for key in SCHEMA["properties"])
