"""What bbprompt makes of faults, kills and a broken disk, counted: answers lost, paid twice, over budget.

    python -m benchmarks.faults [--quick]

Clients in processes of their own ask a faulty service over loopback until their budgets end. They are killed with
``kill -9`` at random moments and resumed. The service writes down every request before it answers it; what it charges
for, what clients have used and what their ledgers hold is compared after every kill and at the end. README and docs
quote the figures; ``audit.Figures`` says what each of them counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
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
RUNS = 22
IMAGES = 20_000
KILLS = 11
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
def main(quick: bool) -> None:
    """Attack; print, and write faults/faults.json and table.md; end with 1 if a figure is not zero that has to be."""
    measured = measure(scale=0.02 if quick else 1.0)
    if not quick:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "faults.json").write_bytes(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
        (FOLDER / "table.md").write_text(table(measured), encoding="utf-8")
    click.echo(table(measured))
    sys.exit(any(getattr(measured.total, name) for name in ZERO))


def measure(*, scale: float) -> Measured:
    """Carry out all attacks and scenarios, with budgets ``scale`` times as large."""
    began = time.perf_counter()
    parts = {"faults and kills": reduce(add, _attacks(scale))}
    for name, (scenario, attack) in SCENARIOS.items():
        parts[name] = scenario(_scaled(attack, max(scale, 0.15)))
        click.echo(f"{name}: {_line(parts[name])}", err=True)
    total = reduce(add, parts.values())
    return Measured(machine=describe(), seconds=round(time.perf_counter() - began), parts=parts, total=total)


def _attacks(scale: float) -> Iterator[Figures]:
    """JSON, binary tensors and JSON tensors in turn; every second budget is in dollars."""
    for number in range(RUNS if scale == 1 else 3):
        attack = Attack(
            budget=IMAGES,
            kills=KILLS,
            seed=number,
            tensors=number % 3 > 0,
            binary=number % 3 == 1,
            in_usd=number % 2 == 1,
        )
        yield (figures := run(_scaled(attack, scale)))
        click.echo(f"attack {number}: {_line(figures)}", err=True)


def _scaled(attack: Attack, scale: float) -> Attack:
    kills = min(attack.kills, 2) if scale < 1 else attack.kills
    return replace(attack, budget=int(attack.budget * scale), kills=kills)


def _line(figures: Figures) -> str:
    zeros = ", ".join(f"{name} {getattr(figures, name)}" for name in ZERO)
    return f"{figures.requests:,} requests, {figures.kills} kills, {zeros}"


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
