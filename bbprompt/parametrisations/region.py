"""Put values onto the pixels of a mask; separable bases over the box around it. For numpy and torch alike."""

from __future__ import annotations

import numpy as np
from array_api_compat import array_namespace, device

from bbprompt.arrays import Array, Bool, Float
from bbprompt.errors import ConfigError


def scatter(values: Array, mask: Bool) -> Array:
    """Write ``values``, shape (3 * pixels,), onto the mask's pixels, row by row: (h, w, 3), zero elsewhere."""
    xp = array_namespace(values)
    field = xp.zeros((*mask.shape, 3), dtype=values.dtype, device=device(values))
    field[xp.asarray(mask, device=device(values))] = xp.reshape(values, (-1, 3))
    return field


def separable(theta: Array, rows: Float, columns: Float, *, mask: Bool) -> Array:
    """Render f[y, x, c] = sum_kl rows[y, k] theta[c, k, l] columns[x, l] into the mask's box.

    Two small matrix products, O(h w k) in place of O(h w k^2).

    Args:
        theta: shape (3 * k * l,): channel, then vertical, then horizontal index.
        rows: shape (box height, k).
        columns: shape (box width, l).
        mask: bool, shape (h, w).

    Returns:
        The field (h, w, 3), zero outside the mask.
    """
    xp, where = array_namespace(theta), bounding_box(mask)
    down, right, visible = (
        xp.asarray(part, dtype=theta.dtype, device=device(theta)) for part in (rows, columns, mask[where])
    )
    planes = down @ xp.reshape(theta, (3, rows.shape[1], columns.shape[1])) @ right.T * visible
    field = xp.zeros((*mask.shape, 3), dtype=theta.dtype, device=device(theta))
    field[where] = xp.permute_dims(planes, (1, 2, 0))
    return field


def bounding_box(mask: Bool) -> tuple[slice, slice]:
    """Return the rows and columns of the smallest box that holds the mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def box_size(mask: Bool) -> tuple[int, int]:
    """Return (height, width) in pixels of the mask's box."""
    rows, columns = bounding_box(mask)
    return rows.stop - rows.start, columns.stop - columns.start


def check_cells(name: str, cells: int, mask: Bool) -> None:
    """Refuse more cells along a side than the mask's box has pixels.

    Raises:
        ConfigError: it is so.
    """
    height, width = box_size(mask)
    if not 1 <= cells <= min(height, width):
        raise ConfigError(
            f"{name} with {cells} cells does not fit a prompt of {height}x{width} pixels; "
            f"give cells from 1 to {min(height, width)}"
        )
