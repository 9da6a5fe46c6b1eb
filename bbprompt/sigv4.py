"""AWS signatures, version 4, by botocore, with credentials from where AWS tools find theirs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bbprompt.errors import ConfigError
from bbprompt.registry import needs_extra

if TYPE_CHECKING:
    from botocore.credentials import Credentials

SIGNED = ("content-type",)
"""Headers that are signed, beside the host and AWS's own (``x-amz-...``)."""


class AwsSigner:
    """Signs requests as the account whose credentials this machine has."""

    def __init__(self) -> None:
        """Find the credentials.

        Raises:
            MissingExtra: botocore is not installed.
            ConfigError: there are no credentials, or they cannot be had.
        """
        with needs_extra("aws"):
            from botocore.session import get_session
        with _told():
            found: Credentials | None = get_session().get_credentials()
        if found is None:
            raise ConfigError(
                "no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"
            )
        self._credentials = found
        self._used: frozenset[str] = frozenset()

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, *, service: str, region: str
    ) -> dict[str, str]:
        """Return the headers of the signature, and those that it signs.

        Args:
            method: of HTTP.
            url: as it is sent, with its parameters.
            headers: of the request, names in lower case.
            content: of the request.
            service: as in "rekognition".
            region: as in "us-east-1".

        Raises:
            ConfigError: the credentials have ended, and there are no new ones.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        kept = {name: value for name, value in headers.items() if name in SIGNED or name.startswith("x-amz-")}
        request = AWSRequest(method, url, headers=kept, data=content)
        with _told():
            frozen = self._credentials.get_frozen_credentials()
        self._used |= frozenset(filter(None, (frozen.secret_key, frozen.token, frozen.access_key)))
        SigV4Auth(frozen, service, region).add_auth(request)
        return dict(request.headers.items())

    def secrets(self) -> tuple[str, ...]:
        """Return the secret keys, session tokens and access keys that were used; none is fetched for this."""
        return tuple(sorted(self._used, key=len, reverse=True))


@contextmanager
def _told() -> Iterator[None]:
    """Raise what botocore says of credentials as what a person can do about it."""
    from botocore.exceptions import BotoCoreError, CredentialRetrievalError

    try:
        yield
    except CredentialRetrievalError as error:
        # It holds what the program of `credential_process` said, which may be a secret.
        raise ConfigError(
            f"AWS credentials cannot be had ({type(error).__name__}); log in again, as with `aws sso login`, or run the "
            "profile's credential_process by hand"
        ) from None
    except BotoCoreError as error:
        raise ConfigError(
            f"AWS credentials cannot be had ({type(error).__name__}: {error}); log in again, as with `aws sso login`, or "
            "correct AWS_PROFILE and ~/.aws/config"
        ) from error
