"""What the committed grid holds: the budgets of each cell that is run. It is what ``run`` runs unless told otherwise.

Everything everywhere would be weeks of a processor.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.queries.answers import ANSWERS, FULL
from benchmarks.queries.grid import SEEDS
from benchmarks.queries.methods import GRADIENT, METHODS, NO_PROMPT
from benchmarks.queries.parts import LEVERS, PARTS
from benchmarks.queries.records import Cell
from benchmarks.queries.tasks import BUDGETS, FEW_OR_ALL

EVERYWHERE = ("auto", "bar", "nes, tuned", "antithetic, tuned", "spsa-gc, tuned")
"""On every task, with every kind of answer and number of shots."""
SMALL = ("resnet20-digits", "resnet20-mnist", "resnet56-digits", "resnet56-mnist", "resnet44-dtd10")
"""Tasks with small images: every peer is run on them, but for the ``SLOW``."""
CONFIRMING = "resnet44-dtd10"
"""Run once all was done, with all scores and 16 images a class."""
SLOW = tuple(
    name for name, row in METHODS.items() if row.name in {"ares", "guided-es", "prgf"} and not row.own_answer
)
"""Minutes a cell: on the first of ``SMALL``, with three seeds."""
USUAL = BUDGETS[:-1]
FEWER_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Where:
    """Where something is measured.

    Attributes:
        budgets: in image queries.
        seeds: of the committed ones.
        answers: kinds.
        shots: by name.
    """

    budgets: tuple[int, ...] = (1_000, 5_000, 10_000)
    seeds: int = 5
    answers: tuple[str, ...] = (FULL,)
    shots: tuple[str, ...] = ("16",)

    def holds(self, cell: Cell) -> bool:
        """Whether ``cell`` is one of those."""
        few = SEEDS.index(cell.seed) < self.seeds
        return few and cell.answers in self.answers and cell.shots in self.shots


LONG = {
    **dict.fromkeys(("resnet20-digits", "resnet20-mnist"), Where(budgets=BUDGETS, shots=("16", "all"))),
    **dict.fromkeys(("resnet56-digits", "resnet56-mnist"), Where(budgets=BUDGETS, seeds=FEWER_SEEDS)),
}
"""Tasks that all budgets are run on."""
WIDE = {
    **dict.fromkeys(("resnet20-digits", "resnet20-mnist"), Where(answers=tuple(ANSWERS), shots=tuple(FEW_OR_ALL))),
    **dict.fromkeys(("resnet56-digits", "resnet56-mnist"), Where(answers=tuple(ANSWERS))),
}
"""Tasks that the weaker peers are run on with more than all scores of 16 images a class."""
OF_PAIRS = Where(budgets=(10_000,), seeds=FEWER_SEEDS)
OF_A_STUDENT = Where(budgets=(2_000,), seeds=FEWER_SEEDS)
PARTS_AT: dict[str, Where] = {
    **dict.fromkeys(
        (
            "auto, textures before pairs",
            "auto, 16 images a pair",
            "auto, probes of 4 levels",
            "auto, no momentum",
            "auto, no average",
            "auto, no veto",
            "auto, first map and no veto",
        ),
        OF_PAIRS,
    ),
    **dict.fromkeys(LEVERS, Where(budgets=(10_000,))),
    "auto, one layout at one look": Where(budgets=(500,), answers=("top5", "label")),
    "auto, no varied images": Where(budgets=(5_000,), seeds=FEWER_SEEDS, answers=("top5", "label")),
    "auto, agreement": Where(budgets=(1_000, 5_000), seeds=FEWER_SEEDS, answers=("label",)),
    "auto, Lite0 as student": Where(budgets=(2_000, 10_000), seeds=FEWER_SEEDS),
    "auto, small net as student": OF_A_STUDENT,
    "auto, resnet32 as student": Where(budgets=(2_000, 5_000), seeds=FEWER_SEEDS, shots=("16", "all")),
    **{name: OF_A_STUDENT for name in PARTS if name.startswith("auto, resnet32 as student, ")},
}
"""Where it is not the usual."""


def planned(cell: Cell) -> tuple[int, ...] | None:
    """The budgets of ``cell``, none of a reference; ``None`` where the grid leaves it out."""
    if cell.task == CONFIRMING and (cell.answers, cell.shots) != (FULL, "16"):
        return None
    if cell.method in (NO_PROMPT, GRADIENT):
        return ()
    if cell.method in PARTS:
        where = PARTS_AT.get(cell.method, Where())
        return where.budgets if where.holds(cell) else None
    if cell.method in EVERYWHERE:
        return BUDGETS if cell.task in LONG and LONG[cell.task].holds(cell) else USUAL
    return USUAL if _of_a_peer(cell) else None


def _of_a_peer(cell: Cell) -> bool:
    if cell.method in SLOW:
        return cell.task == SMALL[0] and Where(seeds=FEWER_SEEDS).holds(cell)
    return cell.task in SMALL and WIDE.get(cell.task, Where()).holds(cell)
