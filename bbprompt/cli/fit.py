"""bbprompt fit: learn a prompt; leaves a PNG, its figures and a report."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options

BUDGET_ENDED = 3


@click.command("fit")
@options.run_file
@click.option("--out", type=options.folder, required=True, help="The run's folder.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run; what was paid for is not paid again.")
@click.option("--dry-run", is_flag=True, help="Say where the budget would go; query nothing, write nothing.")
@click.option("--replay", type=options.folder, help="Take every answer from this run's ledger; ask no service.")
@options.seed
@options.as_json
def command(
    run_file: Path, out: Path, resume: bool, dry_run: bool, replay: Path | None, seed: int | None, as_json: bool
) -> None:
    """Learn the prompt that RUN.toml describes."""
    from bbprompt.cli.printing import print_plan, print_runs, report_beside
    from bbprompt.config import load_config
    from bbprompt.plan import price_at_most
    from bbprompt.run import fit_run, open_run

    config = load_config(run_file, seed=seed)
    if dry_run:
        task, plan = open_run(config)
        print_plan(plan, usd=price_at_most(task, plan) if plan else 0.0, as_json=as_json)
        return
    run = fit_run(config, out, resume=resume, replay=replay)
    report = report_beside(out, [run], title=f"{run.result.method} on {config.data.source}")
    print_runs([run], [out], report=report, as_json=as_json)
    if run.result.stopped == "budget":
        raise click.exceptions.Exit(BUDGET_ENDED)
