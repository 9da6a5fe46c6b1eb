"""Peak memory of a process that takes steps of one kind only.

On a CPU the most that was resident during a step, with weights, packages and all (Linux: VmHWM, reset through
/proc/self/clear_refs between steps); on a GPU the most that torch had allocated.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from benchmarks.step.models import MODELS, Frozen
from benchmarks.step.steps import bare_step, our_steps

STEPS = 4
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Megabytes (2^20 bytes).

    Attributes:
        at_rest: between steps.
        peak: during a step.
    """

    at_rest: float
    peak: float


EXACT = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Lets glibc give every freed tensor back at once: peaks are then what steps need, the same each time."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How steps are taken.

    Attributes:
        model: a key of ``MODELS``.
        batch: images per step.
        device: "cpu", "cuda" ...
        amp: bfloat16, on CUDA only.
        compile: the module goes through ``torch.compile``.
    """

    model: str
    batch: int = 8
    device: str = "cpu"
    amp: bool = False
    compile: bool = False

    def open(self) -> Frozen:
        """Build the model."""
        return MODELS[self.model](device=self.device, amp=self.amp, compile=self.compile)


def weigh(setting: Setting, kind: str) -> Memory:
    """Take steps of ``kind``, a key of ``KINDS``, in a process of its own."""
    command = [sys.executable, "-m", __name__, kind, msgspec.json.encode(setting).decode()]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **EXACT})
    return msgspec.json.decode(done.stdout, type=Memory)


def weigh_here(frozen: Frozen, batch: int, kind: str) -> Memory:
    """Take steps of ``kind`` in this process."""
    gauge = _Gpu(frozen) if frozen.oracle.device.type == "cuda" else _Resident()
    at_rest: list[float] = []
    peaks: list[float] = []

    def after() -> None:
        peaks.append(gauge.peak())
        at_rest.append(gauge.reset())

    KINDS[kind](frozen, batch, after)
    return Memory(at_rest=round(min(at_rest), 1), peak=round(max(peaks[1:]), 1))  # the first step also sets up


class _Resident:
    def reset(self) -> float:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what loading left behind is no part of a step
        RESET.write_text("5")
        return self._read("VmRSS")

    def peak(self) -> float:
        return self._read("VmHWM")

    def _read(self, key: str) -> float:
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key))
        return int(line.split()[1]) / 1024


class _Gpu:
    def __init__(self, frozen: Frozen) -> None:
        self.device = frozen.oracle.device

    def reset(self) -> float:
        import torch

        torch.cuda.reset_peak_memory_stats(self.device)
        return torch.cuda.memory_allocated(self.device) / 2**20

    def peak(self) -> float:
        import torch

        return torch.cuda.max_memory_allocated(self.device) / 2**20


def _bare(frozen: Frozen, batch: int, after: Callable[[], None]) -> None:
    step = bare_step(frozen, batch=batch)
    for _ in range(STEPS):
        step()
        after()


def _ours(frozen: Frozen, batch: int, after: Callable[[], None]) -> None:
    our_steps(frozen, batch=batch, steps=STEPS, after=after)


KINDS: Mapping[str, Callable[[Frozen, int, Callable[[], None]], None]] = {"bare": _bare, "ours": _ours}


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("setting")
def main(kind: str, setting: str) -> None:
    """Print the memory of steps of KIND under SETTING, a JSON object."""
    chosen = msgspec.json.decode(setting, type=Setting)
    click.echo(msgspec.json.encode(weigh_here(chosen.open(), chosen.batch, kind)))


if __name__ == "__main__":
    main()
