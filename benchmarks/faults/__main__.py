"""What bbprompt makes of faults, kills and a broken disk, counted: answers lost, paid twice, over budget.

    python -m benchmarks.faults [--quick] [--jobs 2]        a part that is done is not done again

Clients in processes of their own ask a faulty service over loopback until their budgets end. They are killed with
``kill -9`` at random moments and resumed. The service writes down every request before it answers it; what it charges
for, what clients have used and what their ledgers hold is compared after every kill and at the end. README and docs
quote the figures; ``audit.Figures`` says what each of them counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial, reduce
from operator import add

import click
import msgspec
from msgspec.structs import asdict, replace

from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.faults.attack import Attack, run
from benchmarks.faults.audit import Figures
from benchmarks.faults.kinds import RIGHT
from benchmarks.faults.scenarios import SCENARIOS
from benchmarks.machine import Machine, describe

FOLDER = RESULTS / "faults"
PARTS = "parts.jsonl"
RUNS = 90
IMAGES = 2_400
KILLS = 3
ZERO = ("lost", "twice", "over", "uncounted", "wrong")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed, a line for each part as soon as it is done.

    Attributes:
        part: an attack or a scenario.
        seconds: that it took.
        figures: what came of it.
    """

    part: str
    machine: Machine
    seconds: float
    figures: Figures


@click.command()
@click.option("--quick", is_flag=True, help="A few small ones, in a minute; printed and not written.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Clients at once.")
def main(quick: bool, jobs: int) -> None:
    """Attack; print, and write faults/parts.jsonl and table.md; end with 1 if a figure is not zero that has to be."""
    if quick:
        parts = list(measure(plan(runs=3, scale=0.15), jobs=jobs))
    else:
        parts = _resumed(plan(runs=RUNS, scale=1.0), jobs)
        (FOLDER / "table.md").write_text(table(parts), encoding="utf-8")
    click.echo(table(parts))
    sys.exit(any(getattr(part.figures, name) for part in parts for name in ZERO))


Plan = dict[str, Callable[[], Figures]]


def plan(*, runs: int, scale: float) -> Plan:
    """Return all parts by name: JSON, binary tensors and JSON tensors in turn, every second budget in dollars."""
    attacks = {
        f"attack {seed}": Attack(
            budget=IMAGES, kills=KILLS, seed=seed, tensors=seed % 3 > 0, binary=seed % 3 == 1, in_usd=seed % 2 == 1
        )
        for seed in range(runs)
    }
    parts: Plan = {
        name: partial(scenario, _scaled(attack, scale)) for name, (scenario, attack) in SCENARIOS.items()
    }
    return {**parts, **{name: partial(run, _scaled(attack, scale)) for name, attack in attacks.items()}}


def measure(parts: Plan, *, jobs: int) -> Iterator[Measured]:
    """Carry out the parts, ``jobs`` at once; each is returned when it is done."""
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(_timed, name, carry_out) for name, carry_out in parts.items()]):
            measured = done.result()
            zeros = ", ".join(f"{zero} {getattr(measured.figures, zero)}" for zero in ZERO)
            click.echo(f"{measured.part}: {measured.figures.requests:,} requests, {zeros}", err=True)
            yield measured


def _timed(name: str, carry_out: Callable[[], Figures]) -> Measured:
    began = time.perf_counter()
    figures = carry_out()
    return Measured(part=name, machine=describe(), seconds=round(time.perf_counter() - began, 1), figures=figures)


def _resumed(parts: Plan, jobs: int) -> list[Measured]:
    """Those that are done are read."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = read_parts()
    missing = {name: carry_out for name, carry_out in parts.items() if name not in {part.part for part in done}}
    with (FOLDER / PARTS).open("ab") as file:
        for part in measure(missing, jobs=jobs):
            file.write(msgspec.json.encode(part) + b"\n")
            file.flush()
            done.append(part)
    return done


def read_parts() -> list[Measured]:
    """Return what was measured."""
    path = FOLDER / PARTS
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Measured) for line in lines]


def _scaled(attack: Attack, scale: float) -> Attack:
    kills = min(attack.kills, 2) if scale < 1 else attack.kills
    return replace(attack, budget=int(attack.budget * scale), kills=kills)


def table(parts: Sequence[Measured]) -> str:
    """The figures as Markdown; the attacks in one row."""
    rows = {"faults and kills": Figures(), **{part.part: part.figures for part in parts if part.part in SCENARIOS}}
    rows["faults and kills"] = reduce(add, [p.figures for p in parts if p.part not in SCENARIOS], Figures())
    total = reduce(add, rows.values())
    columns = ("requests", "kills", "stops", "asked", "billed", "used", *ZERO, "in_flight", "unbilled")
    counted = (
        [name, *(f"{asdict(figures)[column]:,}" for column in columns)]
        for name, figures in {**rows, "total": total}.items()
    )
    faults = {kind: count for kind, count in total.faults.items() if kind != RIGHT}
    injected = ((kind, f"{count:,}") for kind, count in sorted(faults.items(), key=lambda item: -item[1]))
    shown = [
        markdown_table(["", *(name.replace("_", " ") for name in columns)], counted),
        f"{sum(faults.values()):,} faults injected:",
        markdown_table(("kind", "requests"), injected),
    ]
    return "\n\n".join(shown) + "\n"


if __name__ == "__main__":
    main()
