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
from bbprompt.table import markdown_table, percent
from benchmarks import RESULTS
from benchmarks.documents import write_json
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
        prompt: accuracy under the PNG, on unseen images.
        levels: SHA-256 of the PNG's levels, shortened; servers with the same have led to the same prompt.
    """

    server: str
    adapter: str
    seed: int
    queries: int | None
    prompt: float
    levels: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        machine: what it was measured on.
        unseen: images that accuracies are of.
        no_prompt: accuracy on them without a prompt, with the same label map.
        rows: one per run.
    """

    machine: Machine
    unseen: int
    no_prompt: float
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
        prompt=score_directly(task, weights, overlay, count=UNSEEN),
        levels=hashlib.sha256(overlay.levels.tobytes()).hexdigest()[:12],
    )


def measure_all(names: Sequence[str], *, seeds: int) -> Iterator[Measured]:
    """Run every server in turn, and every seed against it; gives what is known after each run."""
    with TemporaryDirectory() as folder:
        weights, task = Path(folder) / "network.npz", Path(folder) / "task.npz"
        write_network(weights)
        write_task(task)
        plain = score_directly(task, weights, None, count=UNSEEN)
        rows: list[Row] = []
        for name in names:
            place = Path(folder) / name
            place.mkdir()
            with running(SERVERS[name], network=weights, folder=place) as server:
                for seed in range(seeds):
                    rows.append(measure(server, task=task, weights=weights, seed=seed))
                    yield Measured(machine=describe(), unseen=UNSEEN, no_prompt=plain, rows=rows)


def table(measured: Measured) -> str:
    """Markdown, a line per server."""
    rows = []
    for server in dict.fromkeys(row.server for row in measured.rows):
        own = [row for row in measured.rows if row.server == server]
        prompted = ", ".join(percent(row.prompt) for row in own)
        rows.append((server, own[0].adapter, str(own[0].queries), percent(measured.no_prompt), prompted))
    heads = ("server", "adapter", "queries", "no prompt", "prompt, by seed")
    return markdown_table(heads, rows, left=(0, 1))


@click.command()
@click.option("--seeds", default=3, show_default=True)
@click.option("--servers", default="pytriton,mlserver,torchserve,cog", show_default=True)
def main(seeds: int, servers: str) -> None:
    """Measure, write the JSON after each run, print the table."""
    for measured in measure_all(servers.split(","), seeds=seeds):
        write_json(RESULTS / "servers.json", measured)
    click.echo(table(measured))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
