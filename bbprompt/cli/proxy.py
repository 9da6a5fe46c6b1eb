"""bbprompt proxy: a server before an API, so that unmodified clients get the prompt."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("proxy")
@options.png
@click.option("--upstream", required=True, help="Where the API is, http or https.")
@click.option(
    "--adapter",
    required=True,
    help="What it speaks: an adapter's name or TOML, or generic for whole image files.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 picks a free one.")
@click.option(
    "--labels",
    type=click.Choice(["map", "pass"]),
    default="map",
    show_default=True,
    help="Answer with the prompt's classes, or as the API does.",
)
@click.option("--option", "settings", multiple=True, metavar="KEY=VALUE", help="Of the adapter; repeat for more.")
@click.option(
    "--allow-url", "allowed", multiple=True, metavar="URL", help="Fetch images below this; repeat for more."
)
@click.option("--sign-aws", is_flag=True, help="Sign signed AWS requests anew, as the account of this machine.")
@click.option("--max-mb", type=click.IntRange(min=1), default=64, show_default=True, help="Of one request.")
@click.option("--timeout-s", type=click.FloatRange(min=0.1), default=60.0, show_default=True)
def command(
    png: Path,
    *,
    upstream: str,
    adapter: str,
    host: str,
    port: int,
    labels: str,
    settings: tuple[str, ...],
    allowed: tuple[str, ...],
    sign_aws: bool,
    max_mb: int,
    timeout_s: float,
) -> None:
    """Send on what clients send to the API at URL, with PROMPT.png over every image, and map its answers."""
    from bbprompt.proxy.app import Limits
    from bbprompt.proxy.serve import make_proxy, serve
    from bbprompt.registry import open_dialect
    from bbprompt.sigv4 import AwsSigner

    limits = Limits(max_bytes=max_mb * 2**20, timeout_s=timeout_s)
    dialect = open_dialect(adapter, options.pairs(settings))
    proxy = make_proxy(
        png,
        upstream=upstream,
        dialect=dialect,
        relabels=labels == "map",
        limits=limits,
        allowed=allowed,
        signer=AwsSigner() if sign_aws else None,
    )
    serve(proxy, host=host, port=port, on_ready=click.echo)
