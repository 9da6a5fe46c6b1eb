"""EuroSAT, Sentinel-2 in RGB, 64 px: Helber et al. 2019. ``2750/AnnualCrop/AnnualCrop_1.jpg``, without a split."""

from __future__ import annotations

from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate
from bbprompt.data.named.trees import class_tree
from bbprompt.data.source import Source

URL = "https://github.com/phelber/EuroSAT (RGB)"

NAMES = {
    "AnnualCrop": "annual crop land",
    "Forest": "forest",
    "HerbaceousVegetation": "herbaceous vegetation land",
    "Highway": "highway or road",
    "Industrial": "industrial buildings",
    "Pasture": "pasture land",
    "PermanentCrop": "permanent crop land",
    "Residential": "residential buildings",
    "River": "river",
    "SeaLake": "sea or lake",
}
"""As CLIP's authors word them (Radford et al. 2021)."""


def load_eurosat(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or all 27,000 images as one pool.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "eurosat", folder="eurosat", has=["2750", "EuroSAT_RGB"], url=URL)
    images = "2750" if (root / "2750").is_dir() else "EuroSAT_RGB"
    return coop_source(root, images, size, "EuroSAT") or Source(class_tree(root / images, size, names=NAMES))
