"""How a prompt meets the image: ``add`` is clip(x + v, 0, 255), ``over`` replaces. For numpy and torch alike.

uint8 and int16 sum to int16, so nothing wraps. Floats stay floats, so that a gradient passes; float32
holds every sum of two levels exactly, so the answers agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from array_api_compat import array_namespace, device, is_numpy_array

from bbprompt.arrays import Array
from bbprompt.templates.base import Blend

LEVELS: Mapping[Blend, tuple[int, int]] = {"add": (-128, 127), "over": (0, 255)}
"""Smallest and largest level that a prompt's pixel may have."""


def lay(images: Array, levels: Array, *, mask: Array, blend: Blend) -> Array:
    """Lay ``levels`` over ``images``; see ``Template.apply``.

    Args:
        images: (n, h, w, 3), uint8 or floats that hold grey levels.
        levels: (h, w, 3) or (n, h, w, 3), whole numbers in ``LEVELS[blend]``, zero outside the mask.
        mask: bool, (h, w) or (n, h, w): True where the prompt has pixels.
        blend: how they meet.
    """
    xp = array_namespace(images)
    levels, mask = beside(levels, images), beside(mask, images)
    real = [a.dtype for a in (images, levels) if xp.isdtype(a.dtype, "real floating")]
    levels = xp.astype(levels, real[0] if real else xp.int16, copy=False)
    images = xp.astype(images, real[0], copy=False) if real else images
    laid = BLENDS[blend](images, levels, mask[..., None])
    return laid if real else xp.astype(laid, xp.uint8)


def beside(array: Array, reference: Array) -> Array:
    """Return ``array`` in the library and on the device of ``reference``; a tensor keeps its gradient."""
    if is_numpy_array(reference) or not is_numpy_array(array):
        return array
    return array_namespace(reference).asarray(array.copy(), device=device(reference))


def _add(images: Array, levels: Array, _mask: Array) -> Array:
    return array_namespace(images).clip(images + levels, 0, 255)


def _over(images: Array, levels: Array, mask: Array) -> Array:
    return array_namespace(images).where(mask, levels, images)


BLENDS: Mapping[str, Callable[[Array, Array, Array], Array]] = {"add": _add, "over": _over}
