"""Start a proxy: a prompt's PNG, an upstream's address, a dialect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import softmax

from bbprompt.arrays import Float32
from bbprompt.errors import ConfigError
from bbprompt.labelmaps import LabelMap, load_label_map
from bbprompt.oracle import Scores
from bbprompt.overlay import read_overlay
from bbprompt.proxy.app import Limits, Proxy, make_app
from bbprompt.proxy.dialect import Dialect, Relabel
from bbprompt.registry import needs_extra
from bbprompt.serving import serve_app

with needs_extra("serve"):
    import httpx

CONNECTIONS = 64


def make_proxy(
    prompt: Path,
    *,
    upstream: str,
    dialect: Dialect,
    relabels: bool,
    limits: Limits = Limits(),  # noqa: B008
    transport: httpx.AsyncBaseTransport | None = None,
) -> Proxy:
    """Put the prompt of a PNG before an upstream.

    Args:
        prompt: of the file.
        upstream: http or https, with a path or without.
        dialect: what the upstream speaks.
        relabels: whether answers are mapped to the prompt's classes.
        limits: of size and time.
        transport: stands in for the network in tests.

    Raises:
        OverlayError: the PNG is no prompt.
        ConfigError: an upstream that is no address, or answers that the dialect cannot map.
    """
    overlay = read_overlay(prompt)
    if not upstream.startswith(("http://", "https://")):
        raise ConfigError(f"--upstream must begin with http:// or https://, got {upstream!r}")
    if relabels:
        dialect.check_relabels()
    client = httpx.AsyncClient(
        timeout=limits.timeout_s,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )
    relabel = relabel_by(load_label_map(overlay.meta.label_map)) if relabels else None
    return Proxy(upstream, dialect, overlay.apply, relabel, client, limits)


def relabel_by(label_map: LabelMap) -> Relabel:
    """Return what turns a model's scores into the probabilities of the task's classes."""

    def relabel(scores: Scores) -> Float32:
        probabilities = softmax(np.asarray(label_map(scores.log())), axis=1)
        return np.asarray(probabilities, dtype=np.float32)

    return relabel


def serve(proxy: Proxy, *, host: str, port: int, on_ready: Callable[[str], object]) -> None:
    """Serve until the process is asked to end.

    Args:
        proxy: what is served.
        host: address to listen on.
        port: 0 takes a free one.
        on_ready: called once with the proxy's URL, as soon as it takes connections.

    Raises:
        ConfigError: the address cannot be had.
    """
    serve_app(make_app(proxy), host=host, port=port, on_ready=on_ready, lifespan="on")
