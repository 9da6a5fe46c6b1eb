"""The command line. Each command is a file of its own, imported only when it runs, so that --help stays light."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

import click

from bbprompt.cli.ending import ending_status, terminable
from bbprompt.cli.lazy import LazyGroup
from bbprompt.errors import BbpromptError


@click.group(
    cls=LazyGroup,
    commands_in={
        "demo": "Adapt a real model by queries and by gradients, offline, in minutes.",
        "serve": "Put a local model behind the Open Inference Protocol v2.",
        "check": "One query: does the oracle answer, and what would the run cost?",
        "fit": "Learn a prompt: leaves a PNG, its figures and a report.",
        "evaluate": "Score a prompt's PNG on a run's images.",
        "compare": "Run several run files; one table, one report.",
        "ledger": "Show a run's bill.",
        "apply": "Lay a prompt over images.",
        "proxy": "Put a prompt before an API, for clients as they are.",
        "show": "Say what is in a prompt's PNG.",
        "adapters": "List what can be spoken to.",
        "report": "Write a finished run's report.html again.",
        "gallery": "Show prompts side by side on one page.",
        "log": "Send a run to TensorBoard, MLflow, W&B or trackio.",
        "card": "Write a run's prompt as a card for other people.",
        "push": "Put a run's prompt on the Hugging Face hub.",
        "pull": "Get a prompt from the Hugging Face hub.",
    },
)
@click.version_option(package_name="bbprompt")
def cli() -> None:
    """Learn one pixel prompt for a frozen image classifier, by queries alone or by gradients; leave with a PNG."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors meant for people become one line and an exit status."""
    warnings.formatwarning = _one_line
    try:
        with terminable():
            status = cli.main(args=arguments, prog_name="bbprompt", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except (click.exceptions.Abort, KeyboardInterrupt) as interruption:
        sys.exit(
            _say(
                "interrupted; what was paid for is kept, and the same command goes on (fit and compare with --resume)",
                ending_status(interruption),
            )
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BbpromptError as error:
        sys.exit(_say(str(error), error.exit_status))


def _one_line(message: Warning | str, *_: object, **__: object) -> str:
    return f"bbprompt: {message}\n"


def _say(line: str, status: int) -> int:
    click.echo(f"bbprompt: {line}", err=True)
    return status
