"""Start a proxy: a prompt's PNG, an upstream's address, a dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from bbprompt.arrays import Float32
from bbprompt.errors import ConfigError
from bbprompt.label_digests import check_labels
from bbprompt.labelmaps import LabelMap, load_label_map
from bbprompt.oracle import Scores
from bbprompt.overlay import OverlayMeta, read_overlay
from bbprompt.processors import processors
from bbprompt.proxy.app import Limits, Proxy, make_app
from bbprompt.proxy.dialect import Dialect, Fetch
from bbprompt.proxy.fetching import Fetcher, fetch_nothing
from bbprompt.proxy.prefixes import parse_prefix
from bbprompt.proxy.signing import Signer
from bbprompt.proxy.upstream import Client, HttpClient
from bbprompt.serving import serve_app

FETCHED_WITHIN_S = 10.0
"""An image by address; it takes one of the threads on which requests are prompted, and others wait."""

MOST_WORKERS = 8
"""Threads; where images are fetched, so many wait for them at once."""


def make_proxy(
    prompt: Path,
    *,
    upstream: str,
    dialect: Dialect,
    relabels: bool,
    limits: Limits = Limits(),  # noqa: B008
    allowed: Sequence[str] = (),
    signer: Signer | None = None,
    client: Client | None = None,
) -> Proxy:
    """Put the prompt of a PNG before an upstream.

    Args:
        prompt: of the file.
        upstream: http or https, with a path or without.
        dialect: what the upstream speaks.
        relabels: whether answers are mapped to the prompt's classes.
        limits: of size and time.
        allowed: addresses below which images that a request names are fetched.
        signer: signs anew what came signed for AWS.
        client: stands in for the network to the upstream in tests.

    Raises:
        OverlayError: the PNG is no prompt.
        ConfigError: an upstream or an allowed address that is none, answers that the dialect cannot map, or
            labels that the prompt's map was not fitted to.
    """
    overlay = read_overlay(prompt)
    if not upstream.startswith(("http://", "https://")):
        raise ConfigError(f"--upstream must begin with http:// or https://, got {upstream!r}")
    relabel = _relabelling(overlay.meta) if relabels else None
    if relabel:
        dialect.check_relabels(relabel)
    return Proxy(
        upstream,
        dialect,
        overlay.apply,
        relabel,
        client or HttpClient(timeout_s=limits.timeout_s),
        ThreadPoolExecutor(_workers(fetches=bool(allowed))),
        fetch=_fetcher(allowed, limits),
        signer=signer,
        limits=limits,
    )


@dataclass(frozen=True, slots=True)
class Relabelling:
    """A prompt's label map, as ``Relabel``; ``training`` is its overlay's."""

    classes: tuple[str, ...]
    label_map: LabelMap
    training: Mapping[str, Any]

    def __call__(self, scores: Scores) -> Float32:
        """Return the probabilities of the task's classes: float32, (n, classes)."""
        probabilities = softmax(np.asarray(self.label_map(scores.log())), axis=1)
        return np.asarray(probabilities, dtype=np.float32)

    def check_labels(self, labels: Sequence[str]) -> None:
        """See ``Relabel.check_labels``."""
        check_labels(labels, self.training, whose="--option labels", prompt="the prompt")


def _relabelling(meta: OverlayMeta) -> Relabelling:
    return Relabelling(meta.classes, load_label_map(meta.label_map), meta.training)


def _workers(*, fetches: bool) -> int:
    """Threads beyond the processors only contend; but a second lets small images pass a large one."""
    return MOST_WORKERS if fetches else min(MOST_WORKERS, max(2, processors()))


def _fetcher(allowed: Sequence[str], limits: Limits) -> Fetch:
    if not allowed:
        return fetch_nothing
    return Fetcher(
        [parse_prefix(text) for text in allowed],
        max_bytes=limits.max_bytes,
        timeout_s=min(limits.timeout_s, FETCHED_WITHIN_S),
    )


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
