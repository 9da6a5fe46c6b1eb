"""Images by address: fetched from listed places, within limits, and prompted; everything else is refused."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt.proxy.dialect import Refusal
from bbprompt.proxy.fetching import Fetcher, Within
from bbprompt.proxy.prefixes import parse_prefix
from tests.proxy.conftest import Ask, Upstream
from tests.proxy.test_generic import pixels, png, prompted

PUBLIC = "93.184.215.14"


class Web:
    """Answers by URL; keeps what it was asked."""

    def __init__(self, pages: dict[str, httpx.Response]) -> None:
        self.pages, self.asked = pages, list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        page = self.pages[request.url.path]
        return httpx.Response(page.status_code, headers=page.headers, stream=httpx.ByteStream(page.content))


def fetcher(
    pages: dict[str, httpx.Response], *prefixes: str, ip: str = PUBLIC, **limits: Any
) -> tuple[Fetcher, Web]:
    web = Web(pages)
    listed = [parse_prefix(text) for text in prefixes or ("https://img.test/shop",)]
    limits = {"max_bytes": 10_000, "timeout_s": 5.0} | limits
    return Fetcher(listed, **limits, transport=httpx.MockTransport(web), resolve=lambda *_: [ip]), web


def test_a_listed_address_is_asked_at_the_ip_that_was_checked() -> None:
    fetch, web = fetcher({"/shop/cat.png": httpx.Response(200, content=b"file")})
    assert fetch("https://img.test/shop/cat.png?size=1") == b"file"
    (asked,) = web.asked
    assert (asked.url.host, asked.headers["host"]) == (PUBLIC, "img.test")
    assert asked.extensions["sni_hostname"] == "img.test"
    assert asked.url.query == b"size=1"


@pytest.mark.parametrize(
    "address",
    [
        "http://img.test/shop/cat.png",
        "https://img.test/other/cat.png",
        "https://img.test/shopping/cat.png",
        "https://img.test/shop/../secret",
        "https://img.test/shop/%2e%2e/secret",
        "https://img.test/shop/%252e%252e/secret",
        "https://img.test/shop/..%5csecret",
        "https://img.test:8443/shop/cat.png",
        "https://img.test@evil.test/shop/cat.png",
        "https://user:key@img.test/shop/cat.png",
        "https://img.test.evil.test/shop/cat.png",
        "https://evil.test/shop/cat.png",
        "s3://img.test/shop/cat.png",
        "https://[::1/shop/",
    ],
)
def test_what_is_not_listed_is_not_asked(address: str) -> None:
    fetch, web = fetcher({})
    with pytest.raises(Refusal):
        fetch(address)
    assert web.asked == []


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "0.0.0.0", "224.0.0.1"],
)
def test_a_name_that_leads_into_a_private_network_is_not_asked(ip: str) -> None:
    fetch, web = fetcher({}, ip=ip)
    with pytest.raises(Refusal, match="private network"):
        fetch("https://img.test/shop/cat.png")
    assert web.asked == []


@pytest.mark.parametrize("name", ["https://img.test/shop/a", "https://10.1.2.3/shop/a"])
def test_a_private_address_that_is_listed_itself_is_asked(name: str) -> None:
    pages = {"/shop/a": httpx.Response(200, content=b"file")}
    fetch, _ = fetcher(pages, "https://img.test/shop", "https://10.1.2.3/", ip="10.1.2.3")
    assert fetch(name) == b"file"


def test_redirects_are_followed_on_the_list_and_no_further() -> None:
    pages = {
        "/shop/a": httpx.Response(302, headers={"location": "/shop/b"}),
        "/shop/b": httpx.Response(200, content=b"file"),
        "/shop/off": httpx.Response(302, headers={"location": "https://evil.test/shop/b"}),
        "/shop/round": httpx.Response(302, headers={"location": "/shop/round"}),
    }
    fetch, web = fetcher(pages)
    assert fetch("https://img.test/shop/a") == b"file"
    with pytest.raises(Refusal, match="--allow-url"):
        fetch("https://img.test/shop/off")
    with pytest.raises(Refusal, match="redirects more than 3 times"):
        fetch("https://img.test/shop/round")
    assert {request.headers["host"] for request in web.asked} == {"img.test"}


def test_large_files_failures_and_unknown_hosts_are_refused() -> None:
    pages = {"/shop/a": httpx.Response(200, content=b"12345"), "/shop/b": httpx.Response(404)}
    fetch, _ = fetcher(pages, max_bytes=4)
    with pytest.raises(Refusal, match="more than 4 bytes"):
        fetch("https://img.test/shop/a")
    with pytest.raises(Refusal, match="answers 404"):
        fetch("https://img.test/shop/b")

    def unknown(host: str, port: int) -> list[str]:
        raise OSError("secret resolver")

    lost = Fetcher([parse_prefix("https://img.test/")], max_bytes=1, timeout_s=1, resolve=unknown)
    with pytest.raises(Refusal, match="its host is not known"):
        lost("https://img.test/a")


def test_a_file_that_takes_too_long_is_refused() -> None:
    fetch, _ = fetcher({"/shop/a": httpx.Response(200, content=b"1")}, timeout_s=-1.0)
    with pytest.raises(Refusal, match="took more than"):
        fetch("https://img.test/shop/a")


def test_one_request_fetches_no_more_than_it_may_hold() -> None:
    fetch = Within(lambda _: b"12345", max_bytes=12, timeout_s=60)
    assert fetch("a") + fetch("b") == b"1234512345"
    with pytest.raises(Refusal, match="too large together"):
        fetch("c")
    with pytest.raises(Refusal, match="took too long"):
        Within(lambda _: b"", max_bytes=1, timeout_s=-1)("a")


@pytest.mark.parametrize(
    "text", ["img.test", "ftp://img.test/", "https://u:p@img.test/", "https://img.test/?a=1", "//"]
)
def test_a_list_of_other_things_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ConfigError, match="--allow-url"):
        parse_prefix(text)


@pytest.fixture
def pictures() -> Iterator[str]:
    """A real server on loopback; every path is a picture."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(png(1))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("adapter", "body", "prefix"),
    [
        ("generic", {"messages": [{"content": [{"image_url": {"url": "{url}"}}]}]}, "data:image/png;base64,"),
        ("openai-chat", {"messages": [{"content": [{"image_url": {"url": "{url}"}}]}]}, "data:image/png;base64,"),
        ("huggingface", {"inputs": "{url}"}, ""),
    ],
)
def test_the_image_goes_on_in_the_form_that_the_api_takes(
    start: Callable[..., Ask], upstream: Upstream, pictures: str, adapter: str, body: Any, prefix: str
) -> None:
    text = json.dumps(body).replace("{url}", f"{pictures}/cat")
    ask = start(adapter, allowed=[f"{pictures}/"])
    answer = ask(
        "POST", "/x", content=text, headers={"content-type": "application/json", "authorization": "secret"}
    )
    assert answer.status_code == 200, answer.text
    sent = upstream.requests[0].content.decode()
    assert pictures not in sent
    found = sent.partition(prefix)[2].partition('"')[0] if prefix else json.loads(sent)["inputs"]
    np.testing.assert_array_equal(pixels(base64.b64decode(found)), prompted(1))


def test_an_address_where_the_api_takes_none_is_refused_though_listed(
    start: Callable[..., Ask], upstream: Upstream, pictures: str
) -> None:
    body = {"inputs": [{"data": {"image": {"url": f"{pictures}/cat"}}}]}
    answer = start("clarifai", allowed=[f"{pictures}/"])("POST", "/x", json=body)
    assert answer.status_code == 400
    assert "clarifai has images at inputs[].data.image.base64" in answer.json()["error"]
    assert upstream.requests == []
