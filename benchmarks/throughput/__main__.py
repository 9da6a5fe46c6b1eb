"""Requests a second through bbprompt beside a bare loop, per kind of server; and memory over 100,000 queries.

    python -m benchmarks.throughput [--requests 400] [--rounds 7]

"Ours" is what a run uses: the adapter, retries, pace, circuit, ledger on disk and cache, images in and scores out. The
bare loop is as many threads with one httpx client, which send the very same requests, already encoded, and read the
answers' bytes. Both take turns against one server process, which answers at once, after 10 ms, or after 100 ms as
services far away do; what is compared is neighbours. Both share the machine's processors with the server.
``benchmarks.throughput.real`` does the same beside servers that nobody here wrote.
"""

from __future__ import annotations

import click
import msgspec

from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.throughput.cases import CASES, serving
from benchmarks.throughput.measure import measure
from benchmarks.throughput.memory import Memory, sample
from benchmarks.throughput.rows import HEADS, Row, cells

FOLDER = RESULTS / "throughput"
IN_FLIGHT = 8
ANSWERS_S = (0.0, 0.01, 0.1)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    rows: list[Row]
    memory: Memory


@click.command()
@click.option("--requests", type=click.IntRange(min=1), default=400, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
@click.option("--queries", type=click.IntRange(min=4000), default=100_000, show_default=True, help="Of the memory.")
def main(requests: int, rounds: int, queries: int) -> None:
    """Measure; print, and write throughput/throughput.json and table.md."""
    memory, rows = sample(queries), list[Row]()
    click.echo(f"memory grows by {memory.slope_mb} MB in 100,000 queries", err=True)
    for name, case in CASES.items():
        for seconds in ANSWERS_S:
            with serving(case, seconds) as url:
                rows.append(
                    measure(
                        name,
                        case.adapter,
                        case.options(url, IN_FLIGHT),
                        images=requests * case.images,
                        rounds=rounds,
                        answer_ms=1000 * seconds,
                    )
                )
            click.echo(f"{name}, {rows[-1].answer_ms:.0f} ms: {rows[-1].ratio}", err=True)
    measured = Measured(machine=describe(), rows=rows, memory=memory)
    write_json(FOLDER / "throughput.json", measured)
    (FOLDER / "table.md").write_text(table(measured), encoding="utf-8")
    click.echo(table(measured))


def table(measured: Measured) -> str:
    """The figures as Markdown."""
    shown = markdown_table(("adapter", *HEADS), ((row.case, *cells(row)) for row in measured.rows))
    memory = measured.memory
    grown = (
        f"{IN_FLIGHT} requests in flight. Memory over {memory.queries[-1]:,} queries: {memory.resident_mb[0]:.1f} MB at "
        f"first, {memory.resident_mb[-1]:.1f} MB at the end; over their second half it grows by "
        f"{memory.slope_mb:.2f} MB in 100,000."
    )
    return "\n".join([shown, "", grown, ""])


if __name__ == "__main__":
    main()
