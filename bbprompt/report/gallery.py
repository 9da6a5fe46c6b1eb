"""A page of prompts: each as it is, with its contrast stretched, and laid over a few images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bbprompt.arrays import UInt8
from bbprompt.data.files import read_image
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay, decode_overlay, encode_overlay, read_overlay
from bbprompt.overlay_chunk import label_map_name
from bbprompt.public import public_overlay
from bbprompt.records import ResultRecord, load_run
from bbprompt.report.page import render, write_page
from bbprompt.report.pictures import image_uri, png_uri, shown_width, stretched_uri
from bbprompt.table import accuracy, count, no_prompt_name
from bbprompt.templates.resize import fit as resize

LAID = 4
"""Sample images a prompt is shown over."""
SHOWN_CLASSES = 12


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One prompt, and what is known of it.

    Attributes:
        name: of its run, or of its file.
        png: the file itself.
        result: the figures of its run; ``None`` where only the PNG is there.
        pairs: images without and under it, each uint8 (h, w, 3).
    """

    name: str
    png: bytes
    result: ResultRecord | None
    pairs: Sequence[tuple[UInt8, UInt8]]

    @property
    def overlay(self) -> Overlay:
        """What the PNG holds, less what is not for strangers."""
        return public_overlay(decode_overlay(self.png))


@dataclass(frozen=True, slots=True)
class Shown:
    """An exhibit as the page shows it; pictures are data URIs, the prompt's to be shown ``width`` pixels wide."""

    name: str
    blend: str
    width: int
    overlay: str
    stretched: str
    facts: dict[str, str]
    pairs: list[tuple[str, str]]


def open_exhibit(path: Path, images: Sequence[Path] = ()) -> Exhibit:
    """Open a prompt: the folder of a finished run, or a PNG.

    Args:
        path: a run's folder, whose test images are then the samples, or a prompt's PNG.
        images: files to lay it over instead.

    Raises:
        DataError: the folder is not a finished run, or an image cannot be read.
        OverlayError: the PNG is not a prompt.
    """
    pairs: Sequence[tuple[UInt8, UInt8]] = ()
    if path.is_dir():
        run = load_run(path)
        name, png, result = run.name, run.overlay_png, run.result
        pairs = list(zip(run.examples.before, run.examples.after, strict=True))[:LAID]
    else:
        overlay = read_overlay(path)
        name, png, result = path.stem, encode_overlay(overlay), None
    return Exhibit(name, png, result, [_laid(decode_overlay(png), image) for image in images] or pairs)


def _laid(overlay: Overlay, path: Path) -> tuple[UInt8, UInt8]:
    """An image at the prompt's size, without it and under it; from the file itself, as the oracle would get it."""
    image = read_image(path)[None]
    return resize(image, overlay.template.canvas)[0], overlay.apply(image)[0]


def write_gallery(path: Path, exhibits: Sequence[Exhibit], *, title: str) -> None:
    """Write one self-contained HTML page; the same exhibits give the same bytes.

    Raises:
        ConfigError: the file cannot be written.
        DataError: there is no exhibit.
        OverlayError: a PNG is damaged.
    """
    if not exhibits:
        raise DataError("a gallery needs a prompt, got none; give a run's folder or a prompt.png")
    write_page(path, render("gallery.html.j2", title=title, exhibits=[show(exhibit) for exhibit in exhibits]))


def show(exhibit: Exhibit) -> Shown:
    """Gather what the page says of one exhibit.

    Raises:
        OverlayError: its PNG is damaged.
    """
    overlay = exhibit.overlay
    return Shown(
        name=exhibit.name,
        blend=overlay.template.blend,
        width=shown_width(exhibit.png),
        overlay=png_uri(encode_overlay(overlay)),
        stretched=stretched_uri(exhibit.png),
        facts=facts(overlay, exhibit.result),
        pairs=[(image_uri(before), image_uri(after)) for before, after in exhibit.pairs],
    )


def facts(overlay: Overlay, result: ResultRecord | None) -> dict[str, str]:
    """What a caption says: the task, and of a run its figures. The overlay is a public one."""
    meta, canvas = overlay.meta, overlay.template.canvas
    said = {"task": _classes(meta.classes)}
    if result is not None:
        said["accuracy"] = accuracy(result.prompt)
        said[no_prompt_name(result)] = accuracy(result.no_prompt)
        costs = result.costs
        said["passes" if costs.queries is None else "queries"] = count(costs.queries or costs.passes)
    elif isinstance(queries := meta.training.get("queries"), int):
        said["queries"] = f"{queries:,} in training"
    said["oracle"] = meta.oracle
    said["prompt"] = f"{overlay.template.name}, {overlay.template.blend}, {canvas[1]} x {canvas[0]} pixels"
    said["label map"] = label_map_name(meta)
    return said


def _classes(classes: Sequence[str]) -> str:
    rest = len(classes) - SHOWN_CLASSES
    shown = ", ".join(classes[:SHOWN_CLASSES]) + (f" and {rest} more" if rest > 0 else "")
    return f"{len(classes)} classes: {shown}"
