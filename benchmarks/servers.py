"""One run file, but for its ``[oracle]``, against servers that nobody here wrote: does the PNG help?

Every server serves one model (tests/servers/model), which reads digits badly under reddish light; the prompt is a
colour. Accuracies are those of the PNG laid over 300 images that no run has seen, the model asked without a server.

    make bench-servers        sets the servers up, too
    python -m benchmarks.servers [--seeds 3] [--servers cog,litserve]
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from bbprompt.config import parse_config
from bbprompt.overlay import read_overlay
from bbprompt.records import OVERLAY
from bbprompt.run import fit_run
from benchmarks import RESULTS
from benchmarks.machine import Machine, describe
from tests.servers.catalogue import SERVERS
from tests.servers.model.make import UNSEEN, write_network, write_task
from tests.servers.process import Running, running
from tests.servers.task import read_run, score_directly, write_run


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One run against one server.

    Attributes:
        server: its package and version.
        adapter: ``[oracle] adapter``.
        seed: of the run file.
        queries: images scored, all phases together.
        no_prompt: accuracy with the same label map, on unseen images.
        prompt: accuracy under the PNG.
        levels: SHA-256 of the PNG's levels, shortened: the same prompt has the same.
    """

    server: str
    adapter: str
    seed: int
    queries: int | None
    no_prompt: float
    prompt: float
    levels: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    unseen: int
    rows: list[Row]


def measure(server: Running, *, task: Path, weights: Path, seed: int) -> Row:
    """Carry out one run in a folder of its own and score its PNG."""
    document = {**read_run(server), "seed": seed}
    with TemporaryDirectory() as folder, chdir(folder):
        write_run(document, Path(folder), task=task)
        record = fit_run(parse_config(document), Path("run"))
        overlay = read_overlay(Path("run") / OVERLAY)
    return Row(
        server=f"{server.server.package} {server.version}",
        adapter=document["oracle"]["adapter"],
        seed=seed,
        queries=record.result.costs.queries,
        no_prompt=score_directly(task, weights, None, count=UNSEEN),
        prompt=score_directly(task, weights, overlay, count=UNSEEN),
        levels=hashlib.sha256(overlay.levels.tobytes()).hexdigest()[:12],
    )


def measure_all(names: Sequence[str], *, seeds: int) -> Iterator[Row]:
    """Run every server in turn, and every seed against it."""
    with TemporaryDirectory() as folder:
        weights, task = Path(folder) / "network.npz", Path(folder) / "task.npz"
        write_network(weights)
        write_task(task)
        for name in names:
            place = Path(folder) / name
            place.mkdir()
            with running(SERVERS[name], network=weights, folder=place) as server:
                for seed in range(seeds):
                    yield measure(server, task=task, weights=weights, seed=seed)


def table(rows: Sequence[Row]) -> str:
    """Markdown, a line per server, means over seeds."""
    lines = ["| server | adapter | queries | no prompt | prompt, by seed |", "| --- | --- | ---: | ---: | ---: |"]
    for server in dict.fromkeys(row.server for row in rows):
        own = [row for row in rows if row.server == server]
        prompted = ", ".join(f"{100 * row.prompt:.1f} %" for row in own)
        line = f"{server} | {own[0].adapter} | {own[0].queries} | {100 * own[0].no_prompt:.1f} % | {prompted}"
        lines.append(f"| {line} |")
    return "\n".join(lines)


@click.command()
@click.option("--seeds", default=3, show_default=True)
@click.option("--servers", default=",".join(name for name in SERVERS if name != "moto"), show_default=True)
def main(seeds: int, servers: str) -> None:
    """Measure and write the table's JSON."""
    rows = list(measure_all(servers.split(","), seeds=seeds))
    measured = Measured(machine=describe(), unseen=UNSEEN, rows=rows)
    (RESULTS / "servers.json").write_bytes(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
    click.echo(table(rows))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
