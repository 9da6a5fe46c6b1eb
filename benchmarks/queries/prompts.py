"""What prompts the rows learn."""

from __future__ import annotations

ANY = {"template": "auto"}
"""The image shown as it is, or smaller, as the answers say."""
CELLS = 6
DCT = {"parametrisation": "dct", "cells": CELLS}
"""108 values: the lowest frequencies of each channel."""
COARSE = {"parametrisation": "coarse-grid", "cells": 2}
"""12 values: the colours of four quarters. For optimisers that measure one axis after another."""
VP_FRAME = {"template": "padding"}
VP_SHARE = 30 / 224
"""The frame of VP (Bahng et al. 2022): 30 pixels of 224, 4 of 32."""
BAR_FRAME = {
    "template": "padding", "blend": "over", "shrink": True, "parametrisation": "bounded", "bound_levels": 127.5,
}  # fmt: skip
"""The image shrunk inside a trainable frame, squashed by a tanh."""
BAR_SHARE = 6 / 32
"""Of the side: at 32 pixels the image is shrunk to 20 inside a frame of 1,872 free values."""
