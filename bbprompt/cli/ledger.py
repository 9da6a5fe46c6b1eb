"""bbprompt ledger: a run's bill."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("ledger")
@click.argument("run_dir", metavar="RUN_DIR", type=options.folder)
@options.as_json
def command(run_dir: Path, as_json: bool) -> None:
    """Say what the run in RUN_DIR was billed for, oracle by oracle. Also while it runs."""
    import msgspec

    from bbprompt.bill import bill_table, read_bill
    from bbprompt.cli.printing import print_json
    from bbprompt.records import LEDGER

    bill = read_bill(run_dir / LEDGER)
    if as_json:
        print_json(msgspec.to_builtins(bill))
        return
    from rich.console import Console

    Console().print(bill_table(bill))
