"""Gradients against answers alone: the same model, images, prompt and map, and 2,500 to 10,000 image queries.

Published are other models and data (CLIP ViT-B/16, 16-shot, EuroSAT: zero-shot 47.9, BAR 77.3, BlackVIP 73.3), after
tens of millions of queries; ``benchmarks.queries`` compares every query-only method.
"""

from __future__ import annotations

from typing import Any

from benchmarks.paper.experiment import Claim, Experiment, Means
from benchmarks.paper.records import Cell, Kind, Spec

TASK: dict[str, Any] = {
    "oracle": {"adapter": "cifar-resnet", "weights": "{inputs}/cifar10-resnets/resnet20-12fca82f.th"},
    "data": {"source": "digits", "shots": 30, "validation": 100, "test": 500},
    "labels": {"map": "linear"},
}
LOOKS = 4
ROWS: dict[str, dict[str, Any]] = {
    "map alone": {},
    "spsa-gc": {"fit": {"method": "spsa-gc", "looks": LOOKS}},
    "antithetic": {"fit": {"method": "antithetic", "looks": LOOKS}, "prompt": {"parametrisation": "dct"}},
    "gradient": {"fit": {"method": "gradient", "epochs": 20, "looks": LOOKS}},
}
BUDGETS = ("5,000", "10,000")


def spec(cell: Cell) -> Spec | None:
    """Columns are budgets; the map alone and gradients, which have none, stand in the first."""
    config = {**TASK, **ROWS[cell.row]}
    needs = ("shared:cifar10-resnets",)
    if cell.row in ("map alone", "gradient"):
        kind: Kind = "no-prompt" if cell.row == "map alone" else "run"
        return Spec(kind=kind, config=config, needs=needs) if cell.column == BUDGETS[0] else None
    budget = {"budget": {"queries": int(cell.column.replace(",", ""))}}
    return Spec(kind="run", config={**config, **budget}, needs=needs)


def _gradient_wins(means: Means) -> bool | None:
    gradient = means.get((BUDGETS[0], "gradient"))
    others = [means.get((budget, row)) for budget in BUDGETS for row in ("spsa-gc", "antithetic")]
    known = [value for value in others if value is not None]
    return gradient > max(known) if gradient is not None and len(known) == len(others) else None


REGIMES = Experiment(
    name="regimes",
    title="Gradients against answers alone",
    rows={"small": tuple(ROWS), "paper": ()},
    columns={"small": BUDGETS, "paper": ()},
    spec=spec,
    seeds={"small": 2, "paper": 1},
    claims=(Claim("gradients go beyond what ten thousand answers reach", _gradient_wins),),
)
