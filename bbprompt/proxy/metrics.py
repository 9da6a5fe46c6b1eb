"""What the proxy has done, for Prometheus. Nothing of what callers sent: no path, no header, no address."""

from __future__ import annotations

from bbprompt.registry import needs_extra

with needs_extra("serve"):
    from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

OUTCOMES = ("prompted", "passed", "refused", "failed")


class Metrics:
    """Counters of one proxy.

    Attributes:
        images: prompted.
        laying: seconds that a request's images took to be prompted.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self._registry = CollectorRegistry()
        words = "Requests, by what became of them"
        self._requests = Counter("bbprompt_proxy_requests", words, ["outcome"], registry=self._registry)
        self.images = Counter("bbprompt_proxy_images", "Images prompted", registry=self._registry)
        self.laying = Histogram("bbprompt_proxy_laying_seconds", "Prompting a request", registry=self._registry)
        for outcome in OUTCOMES:
            self._requests.labels(outcome)

    def count(self, outcome: str) -> None:
        """Count a request as one of ``OUTCOMES``."""
        self._requests.labels(outcome).inc()

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
