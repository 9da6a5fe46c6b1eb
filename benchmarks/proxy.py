"""What ``bbprompt proxy`` adds: latency of one client, and requests a second of 32, on a 224 px image.

    python -m benchmarks.proxy [--requests 300]

The upstream answers after a fixed time, as a model would, in a process of its own; so does the proxy. A request is the
binary tensor of one image, 150,528 bytes, or its PNG as base64 in JSON; the image is noise, which no PNG makes smaller.
Direct and proxied requests take turns, and what is compared is neighbours. Clients, upstream and proxy share the machine:
what else runs there slows all of them, so its load before the start is kept, and what each takes of a processor.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
import msgspec
import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.table import markdown_table
from bbprompt_adapters.open_inference.messages import Body, encode_request
from bbprompt_adapters.open_inference.tensors import Tensor
from benchmarks import RESULTS
from benchmarks.apply import SIDE, a_prompt
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.processes import Server, process

MODEL_S = 0.1
"""What the upstream takes where 32 clients ask it; one client asks one that answers at once."""

CONNECTIONS = 32
ROUNDS = 5
UPSTREAM = """
import asyncio, socket, sys, uvicorn

async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(float(sys.argv[1]))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})

listener = socket.create_server(("127.0.0.1", 0))
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")).run(sockets=[listener])
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request.

    Attributes:
        request: in words.
        adapter: of the proxy.
        direct_ms, proxied_ms: median of one client's requests to an upstream that answers at once.
        added_ms: median of the differences of neighbours.
        clients_ms, upstream_ms, processor_ms: of a processor that the clients', the upstream's and the proxy's process
            take for a proxied request; ``None`` where only the proxy's was measured.
        direct_per_s, proxied_per_s: requests a second of ``Measured.connections`` clients; the best of the rounds.
    """

    request: str
    adapter: str
    direct_ms: float
    proxied_ms: float
    added_ms: float
    processor_ms: float
    direct_per_s: float
    proxied_per_s: float
    clients_ms: float | None = None
    upstream_ms: float | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        load: processes that wanted a processor in the minute before.
        connections: clients at once, to an upstream that takes ``model_s`` seconds.
    """

    machine: Machine
    load: float
    connections: int
    model_s: float
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: what it is called, the proxy's adapter, where it goes and what it holds."""

    name: str
    adapter: str
    path: str
    body: Callable[[UInt8], Body]


def tensor(image: UInt8) -> Body:
    """As a binary tensor."""
    return encode_request(Tensor("image", image[None]), output="scores", binary=True)


def png(image: UInt8) -> Body:
    """As Google Vision's clients send it."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    item = {"image": {"content": base64.b64encode(buffer.getvalue()).decode()}, "features": []}
    return Body(msgspec.json.encode({"requests": [item]}), {"content-type": "application/json"})


KINDS = (
    Kind("a binary tensor", "open-inference", "/v2/models/m/infer", tensor),
    Kind("a PNG as base64 in JSON", "google-vision", "/v1/images:annotate", png),
)


@contextmanager
def both(prompt: Path, adapter: str, model_s: float) -> Iterator[tuple[Server, Server]]:
    """An upstream and a proxy before it."""
    with process("-c", UPSTREAM, str(model_s)) as upstream:
        command = ["-m", "bbprompt", "proxy", str(prompt), "--upstream", upstream.url, "--port", "0"]
        with process(*command, "--adapter", adapter, "--labels", "pass") as proxy:
            yield upstream, proxy


def latencies(urls: Sequence[str], body: Body, requests: int) -> tuple[list[float], list[float]]:
    """Seconds of each direct and each proxied request, in turn."""
    found: tuple[list[float], list[float]] = ([], [])
    with httpx.Client(trust_env=False) as client:
        for index in range(requests + 10):
            for url, seconds in zip(urls, found, strict=True):
                began = time.perf_counter()
                client.post(url, content=body.content, headers=body.headers).raise_for_status()
                if index >= 10:
                    seconds.append(time.perf_counter() - began)
    return found


async def rate(url: str, body: Body, requests: int) -> float:
    """Requests a second of ``CONNECTIONS`` clients at once."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=60) as client:

        async def ask(count: int) -> None:
            for _ in range(count):
                (await client.post(url, content=body.content, headers=body.headers)).raise_for_status()

        await asyncio.gather(*(ask(1) for _ in range(CONNECTIONS)))  # every connection is open
        began = time.perf_counter()
        await asyncio.gather(*(ask(requests // CONNECTIONS) for _ in range(CONNECTIONS)))
        return requests // CONNECTIONS * CONNECTIONS / (time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Round:
    """Requests a second of a direct and a proxied round, and what the proxied one took of processors, in seconds."""

    direct: float
    proxied: float
    clients_s: float
    upstream_s: float
    proxy_s: float


def one_round(servers: tuple[Server, Server], path: str, body: Body, requests: int) -> Round:
    """Ask the upstream itself, then through the proxy."""
    direct, proxied = (server.url + path for server in servers)
    straight = asyncio.run(rate(direct, body, requests))
    began = [time.process_time(), *(server.processor_s() for server in servers)]
    through = asyncio.run(rate(proxied, body, requests))
    ended = [time.process_time(), *(server.processor_s() for server in servers)]
    return Round(straight, through, *(after - before for before, after in zip(began, ended, strict=True)))


def measure(kind: Kind, prompt: Path, requests: int) -> Row:
    """Measure one kind of request."""
    body = kind.body(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    with both(prompt, kind.adapter, 0.0) as servers:
        direct, proxied = latencies([server.url + kind.path for server in servers], body, requests)
    with both(prompt, kind.adapter, MODEL_S) as servers:
        rounds = [one_round(servers, kind.path, body, requests) for _ in range(ROUNDS)]
    asked = (requests // CONNECTIONS + 1) * CONNECTIONS
    return Row(
        request=kind.name,
        adapter=kind.adapter,
        direct_ms=1000 * statistics.median(direct),
        proxied_ms=1000 * statistics.median(proxied),
        added_ms=1000 * statistics.median(b - a for a, b in zip(direct, proxied, strict=True)),
        processor_ms=1000 * statistics.mean(one.proxy_s for one in rounds) / asked,
        direct_per_s=max(one.direct for one in rounds),
        proxied_per_s=max(one.proxied for one in rounds),
        clients_ms=1000 * statistics.mean(one.clients_s for one in rounds) / asked,
        upstream_ms=1000 * statistics.mean(one.upstream_s for one in rounds) / asked,
    )


def table(measured: Measured) -> str:
    """Markdown."""
    direct = f"{measured.connections} connections: requests/s"
    heads = ("request", "adapter", "ms added", "processor ms: clients", "upstream", "proxy", direct, "proxied")
    shown = markdown_table(heads, map(_cells, measured.rows), left=(0, 1))
    note = f"Other work on those processors when it began: a load of {measured.load:.1f} (`uptime`)."
    return "\n".join([shown, "", note])


def _cells(row: Row) -> tuple[str, ...]:
    taken = [_ms(value) for value in (row.clients_ms, row.upstream_ms, row.processor_ms)]
    rates = f"{row.direct_per_s:.0f}", f"{row.proxied_per_s:.0f}"
    return (row.request, f"`{row.adapter}`", _ms(row.added_ms), *taken, *rates)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


@click.command()
@click.option("--requests", type=click.IntRange(min=CONNECTIONS), default=320, show_default=True)
def main(requests: int) -> None:
    """Measure; print a table and write proxy.json."""
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        a_prompt(prompt := Path(folder) / "prompt.png")
        rows = [measure(kind, prompt, requests) for kind in KINDS]
    measured = Measured(machine=describe(), load=load, connections=CONNECTIONS, model_s=MODEL_S, rows=rows)
    write_json(RESULTS / "proxy.json", measured)
    click.echo(table(measured))


if __name__ == "__main__":
    main()
