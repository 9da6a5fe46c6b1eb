"""``digits``: scikit-learn's 1797 handwritten digits, 8 x 8, which ship with the package."""

from __future__ import annotations

import numpy as np

from bbprompt.data.dataset import Dataset
from bbprompt.data.source import Source
from bbprompt.errors import ConfigError


def load_digits(argument: str, _size: tuple[int, int] | None) -> Source:
    """Load them as RGB: uint8, shape (1797, 8, 8, 3), grey values 0..16 stretched to 0..255.

    Raises:
        ConfigError: scikit-learn is not installed, or the source was given an argument.
    """
    if argument:
        raise ConfigError(f"the source 'digits' takes no argument, got {argument!r}; write source = \"digits\"")
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ConfigError("the source 'digits' needs scikit-learn; pip install 'bbprompt[digits]'") from error
    values, targets = datasets.load_digits(return_X_y=True)
    grey = np.rint(values.reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
    return Source(Dataset(np.repeat(grey, 3, axis=3), targets.astype(np.int64), tuple("0123456789")))
