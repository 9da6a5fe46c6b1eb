"""What the processes of these tests do; a module of its own, so that a fork server can load it before it forks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted
from bbprompt.ledger import Budget, Ledger, image_key
from bbprompt.oracle import OracleSpec, Scores
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import Metered, paid

SPEC = replace(FAKE_SPEC, max_batch=4, max_in_flight=3, usd_per_query=0.001)
LEDGER, SEEN, USED = "ledger.sqlite", "seen.log", "used.log"
CALL = 24
KEY = 32
ROW = KEY + 4 * len(SPEC.labels)


def append(path: Path, content: bytes) -> None:
    """Append in one write, which the kernel keeps whole but for a kill at the border of a page: see ``drop_cut``."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        assert os.write(file, content) == len(content)
    finally:
        os.close(file)


def records(path: Path, size: int) -> list[bytes]:
    content = path.read_bytes() if path.exists() else b""
    return [content[i : i + size] for i in range(0, len(content), size)]


def drop_cut(path: Path, size: int) -> None:
    """Drop what a kill has left of a record, so that the next ones begin where a record does."""
    if path.exists():
        os.truncate(path, path.stat().st_size // size * size)


def leave_as_killed(path: Path) -> None:
    """Leave at ``path`` a ledger, and its log, as a process does that is killed while a request is under way."""
    work = "from pathlib import Path; from bbprompt.ledger import *; import os, sys; "
    work += (
        "Ledger.open(Path(sys.argv[1]), budget=Budget()).reserve('a', [bytes(32)], usd_per_query=None); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", work, str(path)], check=False).returncode == 9


@dataclass
class Watched:
    """A fake that writes down what it sees, before it answers."""

    log: Path
    spec: OracleSpec = SPEC
    latency_s: float = 0.002

    def query(self, images: UInt8) -> Scores:
        append(self.log, b"".join(map(image_key, images)))
        return FakeOracle(self.spec, latency_s=self.latency_s).query(images)


def ask_on(folder: Path, ready: Connection) -> None:
    """Query image after image, writing down what was used; ends only by being killed."""
    ask_for(folder, 50_000, latency_s=0.002, ready=ready)


def ask_for(folder: Path, n: int, *, latency_s: float, ready: Connection | None = None) -> None:
    """Query ``n`` images, the same in every process, call after call, writing down what was used."""
    images = fake_images(n, spec=SPEC)
    with Ledger.open(folder / LEDGER, budget=Budget()) as ledger:
        asking = paid(Watched(folder / SEEN, latency_s=latency_s), ledger)
        if ready is not None:
            ready.send(None)
        for start in range(0, n, CALL):
            asked = images[start : start + CALL]
            rows = zip(asked, asking.query(asked).values, strict=True)
            append(folder / USED, b"".join(image_key(image) + row.tobytes() for image, row in rows))


def spend_all(folder: Path, budget: int, batch: int, worker: int) -> None:
    """Send requests of ``batch`` images until the budget ends."""
    images = fake_images(budget + batch, spec=SPEC, seed=worker)
    with Ledger.open(folder / LEDGER, budget=Budget(queries=budget)) as ledger:
        metered = Metered(Watched(folder / SEEN), ledger)
        try:
            for start in range(0, len(images), batch):
                metered.query(images[start : start + batch])
        except BudgetExhausted:
            return
    raise AssertionError("the budget never ended")
