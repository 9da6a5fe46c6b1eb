"""The way to one host: its proxy, its connections, and the signature that each request gets on the way out."""

from __future__ import annotations

import ipaddress
import urllib.request

from bbprompt_adapters.http.credentials import Credentials
from bbprompt_adapters.http.library import httpx

UNAUTHORIZED = 401


class Signing(httpx.BaseTransport):
    """Signs a request below the client, so that no log line, exception or repr of the client holds a key."""

    def __init__(self, inner: httpx.BaseTransport, credentials: Credentials) -> None:
        self._inner, self._credentials = inner, credentials

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sign and send; once more if the key was refused and there may be a newer one, since a refusal is not billed."""
        signed = self._credentials.sign(request)
        response = self._inner.handle_request(signed)
        if response.status_code != UNAUTHORIZED or not self._credentials.renew(signed):
            return response
        response.close()
        return self._inner.handle_request(self._credentials.sign(request))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def open_network(url: str, *, max_connections: int) -> httpx.BaseTransport:
    """Return the network to ``url``'s host, through the proxy that the environment names for it."""
    limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
    return httpx.HTTPTransport(limits=limits, proxy=find_proxy(url))


def find_proxy(url: str) -> str | None:
    """Return the environment's proxy for ``url``; none for our own loopback, which no proxy can reach."""
    parsed = httpx.URL(url)
    if _is_loopback(parsed.host) or urllib.request.proxy_bypass(parsed.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parsed.scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
