"""The whole story in minutes, offline: a real model behind a real server learns, by queries alone, to read digits.

Then the same model, opened locally, learns the same task by gradients: the same run file but for adapter and method.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bbprompt.config import parse_config
from bbprompt.records import RunRecord
from bbprompt.registry import start_server
from bbprompt.run import fit_run

MODEL = "efficientnet-lite0"
PIXELS = 112
QUERY_ONLY = "query-only"
GRADIENT = "gradient"
SHARED: dict[str, Any] = {
    "data": {"source": "digits", "shots": 16, "validation": 100, "test": 300},
    "prompt": {"template": "auto", "blend": "add"},
    "labels": {"map": "linear"},
}
"""What both runs have in common: scikit-learn's handwritten digits, 160 of them to learn from."""


def run_demo(folder: Path, *, seed: int = 0) -> list[RunRecord]:
    """Serve the embedded model, adapt it by queries, then by gradients; leave both runs in ``folder``.

    A folder that holds one or both of the runs already is gone on with.

    Raises:
        ConfigError: a package of the extra ``demo`` is missing, or the folder holds something else.
    """
    options = {"input_size": PIXELS}
    with start_server("open-inference", MODEL, options) as server:
        served = {"adapter": "open-inference", "url": server.url, "model": MODEL}
        queried = _fit(folder / QUERY_ONLY, seed, oracle=served, fit=BY_QUERY, budget=BUDGET)
    local = {"adapter": MODEL, **options}
    return [queried, _fit(folder / GRADIENT, seed, oracle=local, fit=BY_GRADIENT, budget={})]


def _fit(folder: Path, seed: int, **tables: dict[str, Any]) -> RunRecord:
    return fit_run(parse_config({"seed": seed, **SHARED, **tables}), folder, resume=True)


BY_QUERY = {"method": "auto"}
BUDGET = {"queries": 6000}
BY_GRADIENT = {"method": "gradient", "epochs": 25, "looks": 5}
