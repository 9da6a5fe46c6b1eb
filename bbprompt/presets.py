"""Published methods as run files: ``preset = "vp"`` at the top of one, and its own tables on top of that.

Each is the paper's in our pixel domain: prompts are 8-bit levels in [0, 1], clipped, before any normalisation, and the
best look at validation is kept, not the best on test. Sizes are for 224 pixels; give ``[prompt] size`` for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bbprompt.errors import ConfigError
from bbprompt.names import look_up

# Chen et al. 2023, arXiv 2211.11635, section 5: the image at 128 inside sigmoid(phi), Adam 0.01 on phi, map refitted
# each epoch. With f = b tanh(theta / b), b = 1/2, phi is 4 theta: a step of 0.01 there is one of 0.0025 here. The
# assignment of labels is optimal here and greedy there.
ILM_VP: Mapping[str, Mapping[str, Any]] = {
    "prompt": {
        "template": "padding",
        "size": 48,
        "blend": "over",
        "shrink": True,
        "parametrisation": "bounded",
        "bound_levels": 127.5,
    },
    "labels": {"map": "iterative"},
    "fit": {
        "method": "gradient",
        "optimiser": "adam",
        "step_size": 0.0025,
        "decay": "steps",
        "epochs": 100,
        "batch_size": 256,
    },
}

PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    # Bahng et al. 2022, arXiv 2203.17274, section 4. Their prompt is added after normalisation by CLIP's standard
    # deviations s, about 0.27: a step of 40 there is one of 40 s^2 = 2.9 on pixels.
    "vp": {
        "prompt": {"template": "padding", "size": 30, "blend": "add"},
        "labels": {"map": "identity"},
        "fit": {
            "method": "gradient",
            "optimiser": "sgd",
            "step_size": 2.9,
            "momentum": 0.9,
            "warmup_steps": 1000,
            "epochs": 1000,
            "batch_size": 256,
        },
    },
    # Wu et al. 2022, "Unleashing the Power of Visual Prompting at the Pixel Level", arXiv 2212.10556, section 3. The
    # image is shrunk to 164 inside the frame.
    "evp": {
        "prompt": {"template": "padding", "size": 30, "blend": "over", "shrink": True},
        "labels": {"map": "identity"},
        "fit": {
            "method": "gradient",
            "optimiser": "sgd",
            "step_size": 70.0,
            "momentum": 0.0,
            "normalise": True,
            "augment": True,
            "epochs": 1000,
            "batch_size": 256,
        },
    },
    "ilm-vp": ILM_VP,
    # Tsao et al. 2023, "AutoVP", arXiv 2310.08381: the image's scale is learned with the prompt around it, and a fully
    # connected layer maps labels. The rest is tuned for each task there; here it is what ``gradient`` has by default.
    "autovp": {
        "prompt": {"template": "padding", "learn_size": True, "blend": "over", "shrink": True},
        "labels": {"map": "linear"},
        "fit": {"method": "gradient", "epochs": 40},
    },
    # Cai et al. 2024, arXiv 2410.24018, section 5: the same prompt, with their map.
    "blm+": {**ILM_VP, "labels": {"map": "bayesian+"}},
}

NO_PNG: Mapping[str, str] = {
    "vp-normalised": (
        "preset 'vp-normalised', VP in its authors' own domain, is added after normalisation and never clipped, so no "
        "PNG can hold it; it is there to compare with (python -m benchmarks.paper run methods): use preset 'vp'"
    ),
}
"""Methods that no run can leave with, and why."""


def with_preset(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run file with its ``preset`` filled in: single keys of its own tables take the preset's place.

    Raises:
        ConfigError: an unknown preset, or one that cannot be exported.
    """
    filled = {key: value for key, value in document.items() if key != "preset"}
    if "preset" not in document:
        return filled
    name = document["preset"]
    if not isinstance(name, str):
        raise ConfigError(f"preset must be a name, one of {', '.join(sorted(PRESETS))}, got {name!r}")
    if name in NO_PNG:
        raise ConfigError(NO_PNG[name])
    for table, values in look_up("preset", name, PRESETS).items():
        own = filled.get(table, {})
        filled[table] = {**values, **own} if isinstance(own, Mapping) else own
    return filled
