"""The same beside servers that nobody here wrote, each serving one small real model.

    make bench-throughput-servers        sets the servers up, too
    python -m benchmarks.throughput.real [--servers cog,litserve] [--images 800] [--rounds 7]

A server is asked as a run asks it: the adapter of its run file, and as many images a request as that takes. Server,
bare loop and bbprompt share the machine's processors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.throughput.measure import measure
from benchmarks.throughput.rows import HEADS, Row, cells
from tests.servers.catalogue import SERVERS
from tests.servers.model.make import write_network
from tests.servers.process import Running, running
from tests.servers.task import read_run

FOLDER = RESULTS / "throughput"
LEFT_OUT = {
    "gradio": "its answer is fetched from an address that it gives for each request",
    "moto": "each request is signed as it leaves, and the bare loop signs nothing",
}
"""Servers whose requests cannot be sent again as they were, at the same cost, and why."""

REPLAYED = tuple(name for name in SERVERS if name not in LEFT_OUT)
IN_FLIGHT = 8
ONE_AT_A_TIME = {"cog"}
"""They refuse a request while another is under way."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        left_out: servers that are not measured, and why.
    """

    machine: Machine
    rows: list[Row]
    left_out: dict[str, str]


def asked(server: Running) -> tuple[str, dict[str, object]]:
    """Return the adapter and the options of a server's run file, with the requests at once that it is measured with."""
    most = 1 if server.server.name in ONE_AT_A_TIME else IN_FLIGHT
    options = {"max_in_flight": most, **read_run(server)["oracle"]}
    adapter = options.pop("adapter")
    file = server.server.folder / adapter
    return (str(file) if file.is_file() else adapter), options


def measure_one(server: Running, *, images: int, rounds: int) -> Row:
    """Measure one server."""
    adapter, options = asked(server)
    return measure(f"{server.server.package} {server.version}", adapter, options, images=images, rounds=rounds)


def measure_all(names: Sequence[str], *, images: int, rounds: int) -> Iterator[Measured]:
    """Start one server after the other; gives what is known after each."""
    rows = list[Row]()
    with TemporaryDirectory() as folder:
        weights = Path(folder) / "network.npz"
        write_network(weights)
        for name in names:
            place = Path(folder) / name
            place.mkdir()
            with running(SERVERS[name], network=weights, folder=place) as server:
                rows.append(measure_one(server, images=images, rounds=rounds))
            yield Measured(machine=describe(), rows=rows, left_out=LEFT_OUT)


def table(measured: Measured) -> str:
    """The figures as Markdown."""
    heads = ("server", "images", "at once", *HEADS)
    shown = ((row.case, str(row.images), str(row.in_flight), *cells(row)) for row in measured.rows)
    left_out = "; ".join(f"{name}: {why}" for name, why in measured.left_out.items())
    note = "Images in each request, requests at once, the time of an answer to one request alone."
    return "\n".join([markdown_table(heads, shown), "", f"{note} Left out are {left_out}.", ""])


def chosen(_: click.Context, __: click.Parameter, value: str) -> list[str]:
    """Return the names of servers that can be measured here."""
    names = value.split(",")
    for name in names:
        if name in LEFT_OUT:
            raise click.BadParameter(f"{name} is left out: {LEFT_OUT[name]}")
        if name not in SERVERS:
            raise click.BadParameter(f"unknown server {name!r}; known: {', '.join(REPLAYED)}")
        if not SERVERS[name].is_installed:
            raise click.BadParameter(f"{name} is not installed; `make bench-throughput-servers` does that")
    return names


@click.command()
@click.option("--servers", default=",".join(REPLAYED), show_default=True, callback=chosen)
@click.option("--images", type=click.IntRange(min=1), default=800, show_default=True, help="In each round.")
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
def main(servers: list[str], images: int, rounds: int) -> None:
    """Measure; write throughput/servers.json and servers.md after each server, and print."""
    for name, why in LEFT_OUT.items():
        click.echo(f"{name} is left out: {why}", err=True)
    for measured in measure_all(servers, images=images, rounds=rounds):
        write_json(FOLDER / "servers.json", measured)
        (FOLDER / "servers.md").write_text(table(measured), encoding="utf-8")
        click.echo(f"{measured.rows[-1].case}: {measured.rows[-1].ratio}", err=True)
    click.echo(table(measured))


if __name__ == "__main__":
    main()
