"""``python -m benchmarks.fuzz.answers [--examples 2500] [--seed 0]``: print and write what came of each target.

Answers to adapter files of seven shapes, answers of Open Inference v2 (``remote``), and adapter files. Peak memory is
that of the whole process up to the target's end.
"""

from __future__ import annotations

import resource
import sys
import traceback
from collections.abc import Callable
from functools import partial

import click
import msgspec
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.fuzz import adapter_files, remote
from benchmarks.machine import describe


class Tally(msgspec.Struct, kw_only=True):
    """What came of one target.

    Attributes:
        read: answers that gave scores, and files that could be asked.
        refused: with one line of an error of bbprompt's own.
        wrong: anything else, as one line; empty if all is well.
        peak_mb: most resident memory of the process so far, in megabytes.
    """

    read: int = 0
    refused: int = 0
    wrong: list[str] = []
    peak_mb: float = 0.0


def targets() -> dict[str, tuple[Callable[..., bool], list[st.SearchStrategy[object]]]]:
    """Return what is fed, each with what it is fed with."""
    shapes = {f"answer: {s}": (partial(remote.refuses_answer, s), [remote.answers(s)]) for s in remote.SHAPES}
    tensors = (remote.refuses_tensors, [remote.tensor_answers()])
    files = (adapter_files.refuses_file, [adapter_files.FILES, adapter_files.OPTIONS, adapter_files.ANSWERS])
    return {**shapes, "open inference": tensors, "adapter file": files}  # type: ignore[dict-item]


def feed(
    refuses: Callable[..., bool], strategies: list[st.SearchStrategy[object]], *, examples: int, by: int
) -> Tally:
    """Feed so many examples."""
    tally = Tally()

    @seed(by)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*strategies))
    def check(parts: tuple[object, ...]) -> None:
        if refuses(*parts):
            tally.refused += 1
        else:
            tally.read += 1

    try:
        check()
    except BaseExceptionGroup as group:
        tally.wrong = [_line(error) for error in group.exceptions]
    except Exception as error:
        tally.wrong = [_line(error)]
    tally.peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, 1)
    return tally


def _line(error: BaseException) -> str:
    where = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename][-1]
    return f"{type(error).__name__}: {str(error)[:200]} in {where.name}, line {where.lineno}"


@click.command()
@click.option("--examples", type=click.IntRange(min=1), default=2_500, show_default=True, help="Of each target.")
@click.option("--seed", "by", type=int, default=0, show_default=True)
def main(examples: int, by: int) -> None:
    """Feed every target; end with 1 if any of them did what it must not."""
    tallies = {}
    for name, (refuses, strategies) in targets().items():
        tallies[name] = tally = feed(refuses, strategies, examples=examples, by=by)
        click.echo(f"{name:20}{tally.read:7} read {tally.refused:7} refused, at most {tally.peak_mb:.0f} MB")
        for line in tally.wrong:
            click.echo(f"    {line}")
    result = {"examples": examples, "seed": by, "machine": describe(), "targets": tallies}
    write_json(RESULTS / "fuzz-answers.json", result)
    sys.exit(any(tally.wrong for tally in tallies.values()))


if __name__ == "__main__":
    main()
