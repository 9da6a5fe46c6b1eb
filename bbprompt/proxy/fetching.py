"""Images that a request names by address, fetched by the proxy itself, from where it was told to and nowhere else."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from bbprompt.http_library import httpx
from bbprompt.proxy.dialect import Fetch, Refusal
from bbprompt.proxy.prefixes import Prefix, climbs, port_of

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""A host and a port to its addresses."""

MAX_REDIRECTS = 3


def fetch_nothing(_: str) -> bytes:
    """Refuse."""
    raise Refusal(
        "what is behind it would get no prompt; send the image itself, or start the proxy with --allow-url"
    )


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Fetches from listed places. Safe to use from many threads; sends nothing of the caller's.

    A name is looked up once and the connection goes to the address that was checked, so a name cannot lead to a private
    network by answering differently the second time. A private address must be listed itself, as in
    ``http://10.0.0.5/``.
    """

    def __init__(
        self,
        prefixes: Sequence[Prefix],
        *,
        max_bytes: int,
        timeout_s: float,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Fetch nothing yet.

        Args:
            prefixes: where images may come from.
            max_bytes: of one image file.
            timeout_s: of one image, from asking to its last byte.
            transport: stands in for the network in tests.
            resolve: looks names up.
        """
        self._prefixes, self._max_bytes, self._timeout_s = tuple(prefixes), max_bytes, timeout_s
        self._resolve = resolve
        self._client = httpx.Client(
            timeout=timeout_s,
            limits=httpx.Limits(max_keepalive_connections=0),  # of two names at one address, each is verified
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    def __call__(self, address: str) -> bytes:
        """Return the file behind an address.

        Raises:
            Refusal: the address, or one that it redirects to, is not listed; or it gives no file within the limits.
        """
        deadline = time.monotonic() + self._timeout_s
        url: httpx.URL | None = self._checked(address)
        for _ in range(MAX_REDIRECTS + 1):
            assert url is not None
            try:
                content, url = self._get(url, deadline)
            except httpx.HTTPError as error:
                raise Refusal(f"it cannot be fetched ({type(error).__name__})") from error
            if url is None:
                return content
        raise Refusal(f"it redirects more than {MAX_REDIRECTS} times")

    def _checked(self, address: str) -> httpx.URL:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise Refusal("it is none that can be read") from error
        if url.userinfo or climbs(url) or not any(prefix.covers(url) for prefix in self._prefixes):
            raise Refusal("it, or one that it leads to, is not below any --allow-url")
        return url

    def _get(self, url: httpx.URL, deadline: float) -> tuple[bytes, httpx.URL | None]:
        """The content, or where it redirects to."""
        pinned = url.copy_with(host=self._address(url))
        headers = {"host": url.netloc.decode("ascii"), "accept": "image/*", "accept-encoding": "identity"}
        asked = self._client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": url.host})
        with asked as answer:
            if answer.has_redirect_location:
                return b"", self._checked(str(url.join(answer.headers["location"])))
            if answer.status_code != 200:
                raise Refusal(f"it answers {answer.status_code}")
            return self._read(answer, deadline), None

    def _read(self, answer: httpx.Response, deadline: float) -> bytes:
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > self._max_bytes:
                raise Refusal(f"its file has more than {self._max_bytes} bytes")
            if time.monotonic() > deadline:
                raise Refusal(f"its file took more than {self._timeout_s:g} s")
        return bytes(content)

    def _address(self, url: httpx.URL) -> str:
        """The host's address, after all that it has were checked."""
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in self._resolve(url.host, port_of(url))]
        except (OSError, UnicodeError, ValueError) as error:
            raise Refusal("its host is not known") from error
        if not found or not all(_is_public(ip) or self._is_listed(ip) for ip in found):
            raise Refusal("its host is in a private network; list its own IP address with --allow-url as well")
        return str(found[0])

    def _is_listed(self, ip: IpAddress) -> bool:
        return any(prefix.host == str(ip) for prefix in self._prefixes)


class Within:
    """What one request may fetch in all."""

    def __init__(self, fetch: Fetch, *, max_bytes: int, timeout_s: float) -> None:
        """Start the clock.

        Args:
            fetch: gets one file.
            max_bytes: of all files.
            timeout_s: in which the last is begun.
        """
        self._fetch, self._left = fetch, max_bytes
        self._deadline = time.monotonic() + timeout_s

    def __call__(self, address: str) -> bytes:
        """Return the file behind an address.

        Raises:
            Refusal: see ``Fetch``, or the request names too much.
        """
        if time.monotonic() > self._deadline:
            raise Refusal("the images before it took too long; name fewer in a request")
        content = self._fetch(address)
        self._left -= len(content)
        if self._left < 0:
            raise Refusal("the request's images are too large together; name fewer")
        return content


def _is_public(ip: IpAddress) -> bool:
    inner = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (inner or ip).is_global and not (inner or ip).is_multicast
