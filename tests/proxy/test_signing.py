"""Requests signed for AWS are signed anew over the prompted body, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("botocore")

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bbprompt.errors import ConfigError
from bbprompt.http_library import httpx
from bbprompt.sigv4 import AwsSigner
from tests.proxy.conftest import Ask, Upstream
from tests.proxy.test_generic import b64, png

OURS, THEIRS = (
    Credentials("AKIDOFTHEPROXY", "secret-of-the-proxy"),
    Credentials("AKIDCALLER", "secret-of-the-caller", "t"),
)
BODY = ('{"Image":{"Bytes":"' + b64(png()) + '"}}').encode()
TARGET = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "RekognitionService.DetectLabels"}


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> AwsSigner:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OURS.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OURS.secret_key)
    return AwsSigner()


def signed(method: str = "POST", path: str = "/", **more: str) -> dict[str, str]:
    """Headers as the caller's client signs them."""
    content = BODY if method == "POST" else b""
    request = AWSRequest(method, f"http://proxy.test{path}", headers=TARGET | more, data=content)
    SigV4Auth(THEIRS, "rekognition", "eu-west-1").add_auth(request)
    return dict(request.headers.items())


def is_signed_by(request: httpx.Request, credentials: Credentials) -> bool:
    """Calculate the signature from what arrived, as AWS does."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)",
        request.headers["authorization"],
    )
    assert found is not None
    key, region, service, names, signature = found.groups()
    kept = {name: request.headers[name] for name in names.split(";")}
    again = AWSRequest(request.method, str(request.url), headers=kept, data=request.content)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(credentials, service, region)
    auth._modify_request_before_signing = lambda _: None  # type: ignore[method-assign]
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return key == credentials.access_key and auth.signature(text, again) == signature


@pytest.mark.parametrize("adapter", ["generic", "rekognition-labels"])
def test_a_prompted_body_has_the_proxy_s_signature_and_nothing_of_the_caller_s(
    start: Callable[..., Ask], upstream: Upstream, signer: AwsSigner, adapter: str
) -> None:
    answer = start(adapter, signer=signer)("POST", "/", content=BODY, headers=signed())
    assert answer.status_code == 200, answer.text
    (got,) = upstream.requests
    assert got.content != BODY
    assert is_signed_by(got, OURS)
    assert "/eu-west-1/rekognition/" in got.headers["authorization"]
    assert "x-amz-target" in got.headers["authorization"]
    assert "x-amz-security-token" not in got.headers
    assert THEIRS.access_key not in str(got.headers)


def test_a_signed_question_without_a_body_is_signed_for_the_upstream_s_host(
    start: Callable[..., Ask], upstream: Upstream, signer: AwsSigner
) -> None:
    path = "/models/a%20b?c=d%2Fe&a=1"
    start("generic", signer=signer)("GET", path, headers=signed("GET", path))
    assert is_signed_by(upstream.requests[0], OURS)


def test_what_is_not_signed_gets_no_signature(
    start: Callable[..., Ask], upstream: Upstream, signer: AwsSigner
) -> None:
    start("generic", signer=signer)("POST", "/", content=BODY, headers=TARGET | {"authorization": "Bearer x"})
    assert upstream.requests[0].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("path", "headers", "says"),
    [
        ("/?X-Amz-Signature=00", {}, "signed in its URL"),
        ("/", {"authorization": "AWS4-ECDSA-P256-SHA256 Credential=x"}, "cannot be made again"),
        ("/", {"authorization": "AWS4-HMAC-SHA256 nonsense"}, "cannot be made again"),
        ("/", signed() | {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, "cannot be made again"),
    ],
)
def test_other_signatures_go_nowhere(
    start: Callable[..., Ask], upstream: Upstream, signer: AwsSigner, path: str, headers: dict[str, Any], says: str
) -> None:
    answer = start("generic", signer=signer)("POST", path, content=BODY, headers=TARGET | headers)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert upstream.requests == []


def test_credentials_that_have_ended_meanwhile_are_said_to_the_client(
    start: Callable[..., Ask], upstream: Upstream
) -> None:
    class Ended:
        def sign(self, *_: object, **__: str) -> dict[str, str]:
            raise ConfigError("AWS credentials cannot be had; log in again")

    answer = start("generic", signer=Ended())("POST", "/", content=BODY, headers=signed())
    assert answer.status_code == 500
    assert answer.json()["error"] == (
        "bbprompt proxy: the request cannot be signed: AWS credentials cannot be had; log in again"
    )
    assert upstream.requests == []


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_without_its_own_credentials_a_signed_request_goes_nowhere(
    start: Callable[..., Ask], upstream: Upstream, method: str
) -> None:
    content = BODY if method == "POST" else b""
    answer = start("generic")(method, "/", content=content, headers=signed(method))
    assert answer.status_code == 400
    assert "--sign-aws" in answer.json()["error"]
    assert upstream.requests == []


def test_no_credentials_are_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigError, match="set AWS_ACCESS_KEY_ID"):
        AwsSigner()
