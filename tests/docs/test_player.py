"""The player notices what a page gets wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.player import Player, expect

ADAPTERS = "$ bbprompt adapters\n...\nopen-inference\n..."
SPELLED_WRONG = "bbprompt: unknown command 'adaptors'; did you mean 'adapters'? known: ..."


def page(folder: Path, console: str) -> Path:
    path = folder / "page.md"
    path.write_text(f"# Page\n\n```console\n{console}\n```\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "console",
    [
        ADAPTERS,
        f"$ bbprompt adaptors\n{SPELLED_WRONG}",
        f"$ bbprompt adaptors\n{SPELLED_WRONG}\n$ echo $?\n2",
        "$ bbprompt adaptors\n$ echo $?\n2",
    ],
)
def test_a_page_that_is_right_plays(console: str, player: Player, photos: Path) -> None:
    player.play(page(photos, console))


@pytest.mark.parametrize(
    "console",
    [
        "$ bbprompt adapters\n...\nopen-interference\n...",
        "$ bbprompt adaptors",
        "$ bbprompt adaptors\nbbprompt: unknown command 'adaptors'",
        f"$ bbprompt adaptors\n{SPELLED_WRONG}\n$ echo $?\n3",
        f"{ADAPTERS}\n$ rm -r photos",
    ],
)
def test_a_page_that_is_wrong_does_not(console: str, player: Player, photos: Path) -> None:
    with pytest.raises(AssertionError):
        player.play(page(photos, console))


def test_a_page_without_anything_to_play_is_noticed(player: Player, photos: Path) -> None:
    empty = photos / "page.md"
    empty.write_text("# Page\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="nothing to play"):
        player.play(empty)


def test_numbers_and_spaces_may_differ_and_words_may_not() -> None:
    expect("a   12.5 %", ["a 3 %"])
    with pytest.raises(AssertionError):
        expect("b 3 %", ["a 3 %"])
