"""What any page asks a reader to write or type can be read by the real thing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from bbprompt.cli import cli
from bbprompt.config import parse_config
from tests.docs.pages import DOCS, PAGES, ROOT, commands, fenced, name_of

README = ROOT / "README.md"
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\((?P<target>[^)#\s]+)")


@contextmanager
def reader_has_the_files() -> Iterator[None]:
    try:
        yield
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            raise


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: page.name)
def test_every_command_on_the_page_is_one(page: Path) -> None:
    for words in commands(page.read_text(encoding="utf-8")):
        context = click.Context(cli, info_name="bbprompt")
        if words[0].startswith("-"):
            assert words[0] in {"--help", "--version"}
            continue
        name, command, rest = cli.resolve_command(context, words)
        assert command is not None
        with reader_has_the_files():
            command.make_context(name, [word for word in rest if word != "..."], parent=context)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_run_file_on_the_page_is_one(page: Path) -> None:
    for block in fenced(page.read_text(encoding="utf-8"), "toml"):
        document = tomllib.loads(block)
        if {"oracle", "data"} <= document.keys():
            parse_config(document)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for found in LINK.finditer(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", found["target"]):
            assert (page.parent / found["target"]).exists(), found["target"]


def test_the_extras_that_pages_tell_to_install_are_there() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = re.findall(
        r"bbprompt\[([\w,-]+)\]", "".join(page.read_text(encoding="utf-8") for page in [*PAGES, README])
    )
    assert asked
    assert {extra for extras in asked for extra in extras.split(",")} <= known.keys()


def test_there_are_pages() -> None:
    assert DOCS / "format.md" in PAGES
