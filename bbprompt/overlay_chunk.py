"""The JSON in an overlay's text chunk: what lies where, for which oracle, and what its answers then mean."""

from __future__ import annotations

from typing import Any

import msgspec

from bbprompt.errors import OverlayError
from bbprompt.templates import Blend, Template, make_template

CHUNK = "bbprompt"
VERSION = 1


class OverlayMeta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an overlay is for.

    Attributes:
        oracle: name of the oracle that it was made for, ``OracleSpec.name``.
        classes: the task's classes, in the order of the label map's columns.
        label_map: ``LabelMap.state()``.
        training: what is noted of the run, see docs/format.md; JSON types. No key of it need be there.
    """

    oracle: str
    classes: tuple[str, ...]
    label_map: dict[str, Any]
    training: dict[str, Any] = {}


class TemplateOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The arguments of ``make_template``, without canvas and blend."""

    name: str
    size: int | None = None
    shrink: bool = False
    seed: int | None = None
    position: tuple[int, int] | None = None


class Chunk(OverlayMeta, frozen=True, kw_only=True):
    """The whole chunk, version 1; ``input_size`` is (height, width) in pixels, of the oracle and of the PNG."""

    version: int
    template: TemplateOptions
    blend: Blend
    input_size: tuple[int, int]


class _Version(msgspec.Struct):
    version: int


def encode_chunk(template: Template, meta: OverlayMeta) -> bytes:
    """Return the chunk's JSON, UTF-8; keys of dictionaries sorted, so that equal content gives equal bytes."""
    chunk = Chunk(
        version=VERSION,
        template=msgspec.convert(template, TemplateOptions, from_attributes=True),
        blend=template.blend,
        input_size=template.canvas,
        oracle=meta.oracle,
        classes=meta.classes,
        label_map=meta.label_map,
        training=meta.training,
    )
    return msgspec.json.encode(chunk, order="deterministic")


def decode_chunk(text: str | None, *, size: tuple[int, int]) -> tuple[Template, OverlayMeta]:
    """Return what the chunk of a PNG of ``size`` = (height, width) says.

    Raises:
        OverlayError: there is no chunk, it is not one of ours, of another version, or not about this PNG.
        ConfigError: it names a template that there cannot be.
    """
    chunk = _parsed(text)
    if chunk.input_size != size:
        raise OverlayError(
            f"a PNG of {size[0]}x{size[1]} pixels whose chunk says {chunk.input_size[0]}x{chunk.input_size[1]}; "
            "was it resized? give the prompt.png of the run"
        )
    options = chunk.template
    template = make_template(
        options.name,
        canvas=chunk.input_size,
        blend=chunk.blend,
        size=options.size,
        shrink=options.shrink,
        seed=options.seed,
        position=options.position,
    )
    return template, msgspec.convert(chunk, OverlayMeta, from_attributes=True)


def hole(template: Template) -> tuple[int, int] | None:
    """(height, width) in pixels to which an image is shrunk before a prompt is laid; ``None`` if it fills the canvas."""
    options = msgspec.convert(template, TemplateOptions, from_attributes=True)
    if not options.shrink:
        return None
    assert options.size is not None
    return template.canvas[0] - 2 * options.size, template.canvas[1] - 2 * options.size


def label_map_name(meta: OverlayMeta) -> str:
    """Return the name in the label map's state, or "unknown"."""
    return str(meta.label_map.get("name", "unknown"))


def _parsed(text: str | None) -> Chunk:
    if not isinstance(text, str):
        raise OverlayError(
            f"no prompt of bbprompt: the PNG has no text chunk named {CHUNK!r}; "
            "give the prompt.png that a run has left, not a copy that an editor has saved"
        )
    try:
        json = text.encode()
        version = msgspec.json.decode(json, type=_Version).version
        if version != VERSION:
            raise OverlayError(f"its chunk has version {version}, expected {VERSION}; use a newer bbprompt")
        return msgspec.json.decode(json, type=Chunk)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise OverlayError(f"its chunk {CHUNK!r} is damaged ({error}); give the prompt.png of the run") from error
