"""One training step of ours against a bare frozen forward and backward of the same model and images.

    python -m benchmarks.step [--models vit-b-32,resnet50] [--batch 8] [--steps 40] [--device cuda --amp --compile]

The claim: at most 1.05 times the time, and at most 1.05 times the peak memory. Ours is the whole step of
``fit_by_gradient``: images from 8-bit, prompt rendered and laid, forward, label map, loss, backward, update, and the
outputs kept for the map. Bare starts from normalised images and ends with the gradient in them. VP's frame of 30
pixels at 224; random weights, which cost what trained ones cost; one thread.
"""

from __future__ import annotations

import click
import msgspec

from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.step.memory import Memory, Setting, weigh
from benchmarks.step.models import MODELS
from benchmarks.step.timing import Timing, time_steps

ALLOWED = 1.05


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One model.

    Attributes:
        setting: how steps were taken.
        timing: seconds and their ratio.
        bare: memory of bare steps.
        ours: memory of ours.
    """

    setting: Setting
    timing: Timing
    bare: Memory
    ours: Memory

    @property
    def peak_ratio(self) -> float:
        """Our peak to the bare one."""
        return self.ours.peak / self.bare.peak

    @property
    def step_ratio(self) -> float:
        """The same for what steps take above what the process holds between them."""
        return (self.ours.peak - self.bare.at_rest) / (self.bare.peak - self.bare.at_rest)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    models: list[Measured]


def measure(setting: Setting, *, steps: int) -> Measured:
    """Weigh both kinds of step, each in its own process; then time them in turns in this one."""
    bare, ours = weigh(setting, "bare"), weigh(setting, "ours")
    timing = time_steps(setting.open(), batch=setting.batch, steps=steps)
    return Measured(setting=setting, timing=timing, bare=bare, ours=ours)


HEADINGS = (
    "model", "images", "bare, s", "ours, s", "ours / bare [quartiles]", "images/s",
    "peak, MB: bare", "ours", "ours / bare", "above rest",
)  # fmt: skip


def table(models: list[Measured]) -> str:
    """The figures as Markdown."""
    return markdown_table(HEADINGS, map(_row, models))


def _row(found: Measured) -> tuple[str, ...]:
    timing, batch = found.timing, found.setting.batch
    low, high = timing.quartiles
    return (
        found.setting.model,
        str(batch),
        f"{timing.bare_seconds:.3f}",
        f"{timing.our_seconds:.3f}",
        f"{timing.ratio:.3f} [{low:.3f}, {high:.3f}]",
        f"{batch / timing.our_seconds:.1f}",
        f"{found.bare.peak:.0f}",
        f"{found.ours.peak:.0f}",
        f"{found.peak_ratio:.3f}",
        f"{found.step_ratio:.3f}",
    )


@click.command()
@click.option("--models", default="vit-b-32,resnet50", show_default=True, help=f"Of {', '.join(MODELS)}.")
@click.option("--batch", type=click.IntRange(min=1), default=8, show_default=True, help="Images per step.")
@click.option(
    "--steps", type=click.IntRange(min=2), default=40, show_default=True, help="Timed steps of each kind."
)
@click.option("--device", default="cpu", show_default=True)
@click.option("--amp", is_flag=True, help="bfloat16, on CUDA only.")
@click.option("--compile", "compiled", is_flag=True, help="Both steps through torch.compile.")
def main(models: str, batch: int, steps: int, device: str, amp: bool, compiled: bool) -> None:
    """Measure each model; print a table and write step.json."""
    import torch

    torch.set_num_threads(1)
    settings = [
        Setting(model=model, batch=batch, device=device, amp=amp, compile=compiled) for model in models.split(",")
    ]
    found: list[Measured] = []
    for setting in settings:
        found.append(measure(setting, steps=steps))
        document = Document(machine=describe(), models=found)
        write_json(RESULTS / "step.json", document)
    click.echo(table(found))


if __name__ == "__main__":
    main()
