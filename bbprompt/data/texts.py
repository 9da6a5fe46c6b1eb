"""Text prompts of the named data sets, "{}" standing for the class's name.

VP's are those of Bahng et al. 2022 (arXiv 2203.17274, appendix); CoOp's of Zhou et al. 2022 (arXiv 2109.01134).
"""

from __future__ import annotations

VP_TEXT = "This is a photo of a {}"

VP_TEXTS: dict[str, str] = {
    "clevr-count": "This is a photo of {} objects",
    "camelyon17": "a tissue region {} tumor",
}
"""Where it is not ``VP_TEXT``."""

COOP_TEXTS: dict[str, str] = {
    "flowers102": "a photo of a {}, a type of flower.",
    "food101": "a photo of {}, a type of food.",
    "eurosat": "a centered satellite photo of {}.",
    "sun397": "a photo of a {}.",
    "dtd": "{} texture.",
    "ucf101": "a photo of a person doing {}.",
    "oxford-pets": "a photo of a {}, a type of pet.",
}


def vp_text(source: str) -> str:
    """The text that VP uses for the data set of a ``[data] source``."""
    return VP_TEXTS.get(source.partition(":")[0], VP_TEXT)
