"""bbprompt evaluate: score a prompt's PNG, as read, on a run's images."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("evaluate")
@options.pngs
@options.run_file
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@click.option(
    "--other-images", is_flag=True, help="Score images that are not the run's; see that none was trained on."
)
@options.seed
@options.as_json
def command(
    pngs: tuple[Path, ...], run_file: Path, *, split: str, other_images: bool, seed: int | None, as_json: bool
) -> None:
    """Score PROMPT.png with the label map it carries. What the ledger beside it holds is not paid again.

    Several prompts are an ensemble: their mean probability decides, and each image is one query for each of them.
    """
    from bbprompt.cli.printing import print_json
    from bbprompt.config import load_config
    from bbprompt.run import evaluate_ensemble

    found = evaluate_ensemble(pngs, load_config(run_file, seed=seed), split=split, other_images=other_images)
    if as_json:
        print_json(
            {
                "split": split,
                "accuracy": found.accuracy.value,
                "low": found.accuracy.low,
                "high": found.accuracy.high,
                "n": found.accuracy.n,
                "queries": found.queries,
                "confusion": found.confusion.tolist(),
            }
        )
    else:
        click.echo(
            f"{split}: accuracy {found.accuracy} of {found.accuracy.n} images{_cost(len(pngs), found.queries)}"
        )


def _cost(prompts: int, queries: int) -> str:
    return f", {prompts} prompts averaged: {queries:,} queries" if prompts > 1 else ""
