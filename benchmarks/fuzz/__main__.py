"""``python -m benchmarks.fuzz [--mutants 10000] [--seed 0]``: print and write what each reader did.

C runs under AddressSanitizer and UndefinedBehaviorSanitizer. Needs node, cc, libpng and Jansson; `make fuzz` gets them.
"""

from __future__ import annotations

import sys

import click

from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.fuzz.run import fuzz
from benchmarks.machine import describe


@click.command()
@click.option("--mutants", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(mutants: int, seed: int) -> None:
    """Feed mutants to the four readers; end with 1 if any of them did what it must not."""
    tallies = fuzz(count=mutants, seed=seed, sanitize=True)
    result = {"mutants": mutants, "seed": seed, "machine": describe(), "readers": tallies}
    write_json(RESULTS / "fuzz.json", result)
    for name, tally in tallies.items():
        click.echo(
            f"{name:10}{tally.laid:6} laid rightly {tally.refused:6} refused {len(tally.wrong):4} wrong, "
            f"at most {tally.peak_mb:.0f} MB"
        )
        for line in sorted(set(tally.wrong)):
            click.echo(f"    {tally.wrong.count(line)} x {line}")
    sys.exit(any(tally.wrong for tally in tallies.values()) or len(tallies) < 4)


if __name__ == "__main__":
    main()
