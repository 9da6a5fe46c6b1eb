"""What answers can say about the slope: where a difference is one, and what a direction worth taking costs.

Without a prompt or under loud random signs, and under the map that fits there, image i has a slope g_i in the prompt's
pixels; a prompt can only follow their mean g. A pair of probes, r u and -r u of random signs u, laid over one image,
tells u . g_i, if the loss is a plane as far as r. N pairs estimate g with cos^2 = |g|^2 / (|g|^2 + d E|g_i|^2 / N); see
docs/theory/queries.md. A student gives a direction for its lesson alone.

g itself is the mean of n images, and a prompt is for all that there are, whose mean slope is m. Of n independent slopes
E|g|^2 = |m|^2 + (E|g_i|^2 - |m|^2) / n, so that with rho = E|g_i|^2 / |g|^2 the cosine of g with m is about
sqrt((n - rho) / (n - 1)): what exact gradients of n images have of the right direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from scipy.linalg import orth

from bbprompt.arrays import Float
from bbprompt.estimators.pairs import rademacher
from bbprompt.parametrisations.dct import Dct
from bbprompt.searches import DEFAULT_STUDENT
from bbprompt.table import markdown_table
from bbprompt.task import SEARCH
from benchmarks.machine import Machine
from benchmarks.queries.methods import GRADIENT, METHODS
from benchmarks.queries.parts import RESNET32
from benchmarks.queries.prompts import CELLS
from benchmarks.queries.records import Cell
from benchmarks.queries.setup import bench_task, open_cell, placed
from benchmarks.queries.surface import Surface
from benchmarks.queries.tasks import CLASSES

RADII = (1, 2, 4, 8)
"""Grey levels."""
DIRECTIONS = 4
"""Tried at each radius, on every training image."""
SHOTS = "16"
COSINE = 0.1
"""What a direction is priced at."""
GROUNDS = {"no prompt": 0, "signs of 64 levels": 64}
"""What the slopes are those of: how loud random signs are that lie over the images, in grey levels."""

Options = Mapping[str, str]

BOTH: dict[str, Options] = {DEFAULT_STUDENT: {}, "local-model": RESNET32}
STUDENTS: dict[str, dict[str, Options]] = {
    "resnet20-digits": BOTH,
    "resnet56-digits": BOTH,
    "lite0-digits": {},
    "conse-cifar10": {},
}
"""The tasks, and the students of each; none where the installed one is the oracle itself."""


class Slopes(msgspec.Struct, frozen=True, kw_only=True):
    """One task, ground and seed.

    Attributes:
        ground: one of ``GROUNDS``.
        size: d, the pixels' values.
        mean: |g|, in nats per grey level.
        single: the root of the mean of |g_i|^2, likewise.
        low: share of |g|^2 in the 108 lowest frequencies.
        correlations: of differences and slopes, over images and directions, at each of ``RADII``.
        students: cosine of g with the mean slope of a student that was taught by the answers on this ground.
    """

    task: str
    ground: str
    seed: int
    size: int
    mean: float
    single: float
    low: float
    correlations: tuple[float, ...]
    students: dict[str, float]

    @property
    def price(self) -> float:
        """Images to score for a direction of cosine ``COSINE``, two a pair, were the loss a plane."""
        return 2 * self.size * self.ratio / (1 / COSINE**2 - 1)

    @property
    def ratio(self) -> float:
        """E|g_i|^2 / |g|^2."""
        return (self.single / self.mean) ** 2


def cosine_with_all(ratio: float, images: int) -> float:
    """About the cosine of the mean slope of n ``images`` with that of all, from E|g_i|^2 / |g|^2; 0 if it is noise."""
    return float(np.sqrt(max(0.0, (images - ratio) / (images - 1))))


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    radii: tuple[int, ...]
    slopes: list[Slopes]


def measure(name: str, ground: str, seed: int, *, data: Path) -> Slopes:
    """Measure the task called ``name`` on one of ``GROUNDS``, with 16 shots and full answers."""
    cell = Cell(task=name, answers="full", shots=SHOTS, method=GRADIENT, seed=seed)
    task = open_cell(cell, data, METHODS[GRADIENT])
    rng = task.rng(SEARCH)
    theta: Float = rademacher(rng, task.theta.shape) * np.float64(GROUNDS[ground] / 255)
    surface = Surface.at(task, theta)
    single = surface.slopes()
    g = single.mean(axis=0)
    signs = rng.choice((-1.0, 1.0), size=(DIRECTIONS, *surface.images.shape[1:]))
    return Slopes(
        task=name,
        ground=ground,
        seed=seed,
        size=g.size,
        mean=float(np.linalg.norm(g)),
        single=float(np.sqrt((single**2).sum(axis=1).mean())),
        low=_low(g, bench_task(name).side),
        correlations=tuple(_correlation(surface, single, radius * signs) for radius in RADII),
        students={
            student: surface.student_cosine(g, student, placed(told, data))
            for student, told in STUDENTS[name].items()
        },
    )


def markdown(measured: Measured) -> str:
    """Means over seeds, a row a task and ground."""
    students = list(dict.fromkeys(student for found in measured.slopes for student in found.students))
    heads = [
        "task",
        "ground",
        "d",
        "ratio of E abs(g_i)^2 to abs(g)^2",
        "cosine of g with that of all images",
        f"queries for a cosine of {COSINE}",
        "in 108 low frequencies",
        *(f"r = {radius}" for radius in measured.radii),
        *students,
    ]
    rows = []
    for task, ground in dict.fromkeys((found.task, found.ground) for found in measured.slopes):
        of = [found for found in measured.slopes if (found.task, found.ground) == (task, ground)]
        ratio = float(np.mean([found.ratio for found in of]))
        images = CLASSES * bench_task(task).shots[SHOTS].train
        cosines = [cosine_with_all(found.ratio, images) for found in of]
        price = np.mean([found.price for found in of])
        cells = [
            task,
            ground,
            f"{of[0].size:,}",
            f"{ratio:.0f}",
            f"{cosine_with_all(ratio, images):.2f} ({min(cosines):.2f} to {max(cosines):.2f})",
            f"{price:,.0f}",
            f"{np.mean([s.low for s in of]):.1%}",
        ]
        cells += [f"{value:.2f}" for value in np.mean([found.correlations for found in of], axis=0)]
        for student in students:
            told = [found.students[student] for found in of if student in found.students]
            cells.append(f"{np.mean(told):.2f}" if told else "–")
        rows.append(cells)
    return markdown_table(heads, rows) + "\n"


def _correlation(surface: Surface, single: Float, directions: Float) -> float:
    differences = np.concatenate([surface.differences(direction) for direction in directions])
    slopes = np.concatenate([single @ direction.ravel() for direction in directions])
    return float(np.corrcoef(differences, slopes)[0, 1])


def _low(g: Float, side: int) -> float:
    smooth = Dct(mask=np.ones((side, side), dtype=bool), cells=CELLS)
    basis = orth(np.stack([np.asarray(smooth(unit)).ravel() for unit in np.eye(smooth.size)], axis=1))
    return float(((basis.T @ g) ** 2).sum() / (g @ g))
