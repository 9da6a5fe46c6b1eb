"""AWS signatures, version 4, by botocore, with credentials from where AWS tools find theirs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

from collections.abc import Mapping
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
            ConfigError: there are no credentials.
        """
        with needs_extra("aws"):
            from botocore.session import get_session
        found: Credentials | None = get_session().get_credentials()
        if found is None:
            raise ConfigError(
                "no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"
            )
        self._credentials = found

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
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        kept = {name: value for name, value in headers.items() if name in SIGNED or name.startswith("x-amz-")}
        request = AWSRequest(method, url, headers=kept, data=content)
        SigV4Auth(self._credentials.get_frozen_credentials(), service, region).add_auth(request)
        return dict(request.headers.items())

    def secrets(self) -> tuple[str, ...]:
        """Return the secret key, the session token and the access key."""
        frozen = self._credentials.get_frozen_credentials()
        return tuple(filter(None, (frozen.secret_key, frozen.token, frozen.access_key)))
