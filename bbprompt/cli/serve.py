"""bbprompt serve: a local model behind the Open Inference Protocol v2, in this process."""

from __future__ import annotations

import click


@click.command("serve")
@click.argument("model")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free one.")
@click.option("--input-size", type=click.IntRange(min=1), help="Pixels; the model's own if left out.")
def command(model: str, host: str, port: int, input_size: int | None) -> None:
    """Serve MODEL, one of the names that `bbprompt adapters` lists."""
    from bbprompt.registry import find_server, open_oracle

    oracle = open_oracle(model, {} if input_size is None else {"input_size": input_size})
    find_server("open-inference")(oracle, host=host, port=port, on_ready=click.echo)
