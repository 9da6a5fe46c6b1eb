"""AWS credentials that cannot be had are a line that says what to do, at the start and in mid-run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("botocore")

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError, UnauthorizedSSOTokenError

from bbprompt.errors import ConfigError
from bbprompt.sigv4 import AwsSigner

SECRET = "what-the-program-said"


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match=r"ProfileNotFound: .*nobody.*correct AWS_PROFILE"):
        AwsSigner()


def test_a_program_of_credentials_that_fails_is_not_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[profile ours]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 1'\n")
    monkeypatch.setenv("AWS_PROFILE", "ours")
    with pytest.raises(ConfigError, match="run the profile's credential_process by hand") as caught:
        AwsSigner()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [UnauthorizedSSOTokenError(), CredentialRetrievalError(provider="sso", error_msg=SECRET)],
    ids=["sso", "process"],
)
def test_a_session_that_ends_in_mid_run(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refresh() -> dict[str, str]:
        raise error

    soon = datetime.now(UTC) + timedelta(hours=1)
    found = RefreshableCredentials("AKID", "the-secret-key", "the-token", soon, refresh, "sso")
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: found)
    signer = AwsSigner()
    signing = {"service": "rekognition", "region": "eu-west-1"}
    signer.sign("POST", "https://aws.test/", {}, b"", **signing)
    found._expiry_time = datetime.now(UTC)
    with pytest.raises(ConfigError, match=r"cannot be had .*`aws sso login`") as caught:
        signer.sign("POST", "https://aws.test/", {}, b"", **signing)
    assert SECRET not in str(caught.value)
    assert set(signer.secrets()) == {"AKID", "the-secret-key", "the-token"}
