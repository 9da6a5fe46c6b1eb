"""The service: understands a request, writes it down, and answers it rightly or as its schedule says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import numpy as np

from bbprompt.ledger import image_key
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle
from benchmarks.faults.books import Entry, Log
from benchmarks.faults.connection import Reply, Request, listen
from benchmarks.faults.dialects import MODEL, Dialect, Json, OpenInference, as_json
from benchmarks.faults.kinds import KINDS, RIGHT, Asked, scheduled

DIALECTS: dict[str, Dialect] = {"/classify": Json(), f"/v2/models/{MODEL}/infer": OpenInference()}
SPEC = replace(FAKE_SPEC, name=MODEL)
DRIFT = np.float32(1 / 1024)


@dataclass(slots=True)
class Service:
    """A classifier of 4 x 4 pixels behind HTTP.

    Attributes:
        schedule: names in ``KINDS``, one for each request in turn; when it ends, all answers are right.
        write: keeps an entry; it is called before the answer leaves.
        binary: whether it says that it takes binary tensors.
        varies: whether each answer differs a little from the one before, to the same image, too.
    """

    schedule: Iterator[str]
    write: Callable[[Entry], object]
    binary: bool = True
    varies: bool = False
    _count: int = field(default=0, init=False)

    def __call__(self, request: Request) -> Reply:
        """Answer."""
        dialect = DIALECTS.get(request.path)
        if dialect is not None:
            return self._score(dialect, request)
        if request.path in ("/v2", f"/v2/models/{MODEL}"):
            return OpenInference.about(request.path, binary=self.binary)
        return replace(as_json({"error": "no such page"}), status=404)

    def _score(self, dialect: Dialect, request: Request) -> Reply:
        images = dialect.images(request)
        values = FakeOracle(SPEC).answer(images).values
        if self.varies:
            self._count += 1
            values = values + self._count * DRIFT
        name = next(self.schedule, RIGHT)
        keys, rows = [image_key(image) for image in images], [row.tobytes() for row in values]
        self.write(Entry(time.monotonic(), name, KINDS[name].billed, keys, rows))
        return KINDS[name].reply(Asked(dialect, request, values))


@click.command()
@click.option("--log", type=click.Path(path_type=Path), required=True)
@click.option("--seed", type=int, required=True)
@click.option("--faulty", type=float, required=True)
@click.option("--json/--open-inference", default=True)
@click.option("--binary/--no-binary", default=True)
@click.option("--varies/--constant", default=False)
def main(log: Path, seed: int, faulty: float, json: bool, binary: bool, varies: bool) -> None:
    """Serve in a process of its own; its URL is its first line."""
    schedule = scheduled(seed, faulty=faulty, json=json)
    service = Service(schedule, Log(log).write, binary=binary, varies=varies)
    asyncio.run(listen(service, on_ready=click.echo, until=asyncio.Event()))


if __name__ == "__main__":
    main()
