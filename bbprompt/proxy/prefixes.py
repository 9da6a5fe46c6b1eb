"""Parts of hosts, as ``--allow-url`` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Prefix:
    """A part of a host from which images may be fetched: this path, and all below it."""

    scheme: str
    host: str
    port: int
    path: str

    def covers(self, url: httpx.URL) -> bool:
        """Whether an address lies below."""
        if (url.scheme, url.host, port_of(url)) != (self.scheme, self.host, self.port):
            return False
        return url.path == self.path or url.path.startswith(self.path.rstrip("/") + "/")


def parse_prefix(text: str) -> Prefix:
    """Read ``https://host/path``.

    Raises:
        ConfigError: it is no such address.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigError(f"--allow-url {text!r} is no address ({error})") from error
    if url.scheme not in PORTS or not url.host or url.userinfo or url.query or url.fragment or climbs(url):
        raise ConfigError(f"--allow-url takes http(s)://host/path, with no user, query or fragment; got {text!r}")
    return Prefix(url.scheme, url.host, port_of(url), url.path)


def port_of(url: httpx.URL) -> int:
    """Return the port that a URL says or means."""
    return url.port or PORTS.get(url.scheme, 0)


def climbs(url: httpx.URL) -> bool:
    """Whether some server may read a path as one that leads upwards."""
    path = unquote(url.path)  # a second time: some servers do
    return ".." in path.split("/") or "\\" in path
