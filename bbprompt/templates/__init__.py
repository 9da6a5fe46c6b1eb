"""Templates: where a prompt may put pixels. A new one is one file and one line in ``TEMPLATES``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeAlias

from bbprompt.errors import ConfigError
from bbprompt.names import look_up
from bbprompt.templates.base import Blend, Template
from bbprompt.templates.blend import BLENDS, LEVELS
from bbprompt.templates.fixed_patch import FixedPatch
from bbprompt.templates.full_image import FullImage
from bbprompt.templates.padding import Padding
from bbprompt.templates.position import place
from bbprompt.templates.random_patch import RandomPatch
from bbprompt.templates.single_pixel import SinglePixel

__all__ = ["BLENDS", "LEVELS", "TEMPLATES", "Blend", "Template", "make_template"]

Kind: TypeAlias = type[Padding] | type[FixedPatch] | type[RandomPatch] | type[SinglePixel] | type[FullImage]

TEMPLATES: Mapping[str, Kind] = {
    "padding": Padding,
    "fixed-patch": FixedPatch,
    "random-patch": RandomPatch,
    "single-pixel": SinglePixel,
    "full-image": FullImage,
}


def make_template(
    name: str,
    *,
    canvas: tuple[int, int],
    blend: Blend,
    size: int | None = None,
    shrink: bool = False,
    seed: int | None = None,
    position: tuple[int, int] | str | None = None,
) -> Template:
    """Build the template called ``name``. ``None`` and ``False`` stand for "not given".

    Args:
        name: a key of ``TEMPLATES``.
        canvas: (height, width) in pixels: the oracle's input size.
        blend: ``add`` or ``over``.
        size: pixels: a frame's width, or a patch's side.
        shrink: whether the image is resized into the frame instead of lying under it.
        seed: which hash of the image places a random patch.
        position: (row, column) of a patch's top left pixel, or a word such as ``bottom-right``.

    Raises:
        ConfigError: an unknown name, an option that this template lacks or needs, or a size that does not fit.
    """
    kind = look_up("template", name, TEMPLATES)
    asked: dict[str, Any] = {"size": size, "shrink": shrink or None, "seed": seed, "position": position}
    options = {option: value for option, value in asked.items() if value is not None}
    _check_options(name, kind, options)
    if isinstance(position, str):
        options["position"] = place(position, canvas=canvas, size=size or 1)
    return kind(canvas=canvas, blend=blend, **options)


def _check_options(name: str, kind: Kind, options: Iterable[str]) -> None:
    known = {field.name: field.default for field in fields(kind) if field.name not in ("canvas", "blend")}
    for option in options:
        if option not in known:
            raise ConfigError(f"template {name!r} has no option {option!r}; its options are: {', '.join(known)}")
    for option, default in known.items():
        if default is MISSING and option not in options:
            raise ConfigError(f"template {name!r} needs {option!r}, in pixels; none was given")
