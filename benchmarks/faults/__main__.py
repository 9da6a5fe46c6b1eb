"""What bbprompt makes of faults, kills and a broken disk, counted: answers lost, paid twice, over budget.

    python -m benchmarks.faults [--quick] [--jobs 2]

Clients in processes of their own ask a faulty service over loopback until their budgets end. They are killed with
``kill -9`` at random moments and resumed. The service writes down every request before it answers it; what it charges
for, what clients have used and what their ledgers hold is compared after every kill and at the end. README and docs
quote the figures; ``audit.Figures`` says what each of them counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add

import click
import msgspec
from msgspec.structs import asdict, replace

from benchmarks import RESULTS
from benchmarks.faults.attack import Attack, run
from benchmarks.faults.audit import Figures
from benchmarks.faults.kinds import RIGHT
from benchmarks.faults.scenarios import SCENARIOS
from benchmarks.machine import Machine, describe

FOLDER = RESULTS / "faults"
RUNS = 44
IMAGES = 7_000
KILLS = 5
ZERO = ("lost", "twice", "over", "uncounted", "wrong")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        seconds: of all.
        parts: figures of the attacks, and of each scenario.
        total: of all together.
    """

    machine: Machine
    seconds: float
    parts: dict[str, Figures]
    total: Figures


@click.command()
@click.option("--quick", is_flag=True, help="A hundredth of it, printed and not written.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Clients at once.")
def main(quick: bool, jobs: int) -> None:
    """Attack; print, and write faults/faults.json and table.md; end with 1 if a figure is not zero that has to be."""
    measured = measure(scale=0.02 if quick else 1.0, jobs=jobs)
    if not quick:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "faults.json").write_bytes(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
        (FOLDER / "table.md").write_text(table(measured), encoding="utf-8")
    click.echo(table(measured))
    sys.exit(any(getattr(measured.total, name) for name in ZERO))


def measure(*, scale: float, jobs: int) -> Measured:
    """Carry out all attacks and scenarios, with budgets ``scale`` times as large, ``jobs`` at once."""
    began = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        attacks = [
            pool.submit(_told, f"attack {seed}", run, _scaled(a, scale)) for seed, a in enumerate(_attacks(scale))
        ]
        others = {
            name: pool.submit(_told, name, scenario, _scaled(attack, max(scale, 0.15)))
            for name, (scenario, attack) in SCENARIOS.items()
        }
        parts = {"faults and kills": reduce(add, [attack.result() for attack in attacks])}
        parts |= {name: other.result() for name, other in others.items()}
    total = reduce(add, parts.values())
    return Measured(machine=describe(), seconds=round(time.perf_counter() - began), parts=parts, total=total)


def _attacks(scale: float) -> Iterator[Attack]:
    """JSON, binary tensors and JSON tensors in turn; every second budget is in dollars."""
    for seed in range(RUNS if scale == 1 else 3):
        tensors, binary = seed % 3 > 0, seed % 3 == 1
        yield Attack(budget=IMAGES, kills=KILLS, seed=seed, tensors=tensors, binary=binary, in_usd=seed % 2 == 1)


def _told(name: str, carry_out: Callable[[Attack], Figures], attack: Attack) -> Figures:
    figures = carry_out(attack)
    zeros = ", ".join(f"{zero} {getattr(figures, zero)}" for zero in ZERO)
    click.echo(f"{name}: {figures.requests:,} requests, {figures.kills} kills, {zeros}", err=True)
    return figures


def _scaled(attack: Attack, scale: float) -> Attack:
    kills = min(attack.kills, 2) if scale < 1 else attack.kills
    return replace(attack, budget=int(attack.budget * scale), kills=kills)


def table(measured: Measured) -> str:
    """The figures as Markdown."""
    columns = ("requests", "kills", "stops", "asked", "billed", "used", *ZERO, "in_flight", "unbilled")
    lines = [
        f"| | {' | '.join(name.replace('_', ' ') for name in columns)} |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for name, figures in {**measured.parts, "total": measured.total}.items():
        lines.append(f"| {name} | {' | '.join(f'{asdict(figures)[column]:,}' for column in columns)} |")
    faults = {kind: count for kind, count in measured.total.faults.items() if kind != RIGHT}
    lines += ["", f"{sum(faults.values()):,} faults injected:", "", "| kind | requests |", "| --- | ---: |"]
    lines += [f"| {kind} | {count:,} |" for kind, count in sorted(faults.items(), key=lambda item: -item[1])]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
