"""Data sets of the papers by name, read from a folder in the form in which each is published.

``NAME:ROOT``, where ROOT is the data set's own folder or the one around it. Nothing is downloaded: a missing folder
is answered with the address of the data set. Where CoOp's split file (Zhou et al. 2022, arXiv 2109.01134) lies beside
the images, its split and its class names hold: those are what 16-shot figures are about.
"""

from __future__ import annotations

from collections.abc import Callable

from bbprompt.data.named.cifar import load_cifar10, load_cifar100
from bbprompt.data.named.clevr import load_clevr_count
from bbprompt.data.named.dtd import load_dtd
from bbprompt.data.named.eurosat import load_eurosat
from bbprompt.data.named.flowers102 import load_flowers102
from bbprompt.data.named.food101 import load_food101
from bbprompt.data.named.oxford_pets import load_oxford_pets
from bbprompt.data.named.resisc45 import load_resisc45
from bbprompt.data.named.sun397 import load_sun397
from bbprompt.data.named.svhn import load_svhn
from bbprompt.data.named.ucf101 import load_ucf101
from bbprompt.data.named.wilds import load_camelyon17, load_fmow, load_iwildcam
from bbprompt.data.source import Source

NAMED: dict[str, Callable[[str, tuple[int, int] | None], Source]] = {
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
    "flowers102": load_flowers102,
    "food101": load_food101,
    "eurosat": load_eurosat,
    "sun397": load_sun397,
    "dtd": load_dtd,
    "ucf101": load_ucf101,
    "svhn": load_svhn,
    "oxford-pets": load_oxford_pets,
    "resisc45": load_resisc45,
    "clevr-count": load_clevr_count,
    "camelyon17": load_camelyon17,
    "fmow": load_fmow,
    "iwildcam": load_iwildcam,
}
