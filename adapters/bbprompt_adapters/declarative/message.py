"""One request, filled in: URL, parameters, headers and the body's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bbprompt_adapters.declarative.encode import Encoded
from bbprompt_adapters.declarative.schema import Request
from bbprompt_adapters.declarative.template import PLACEHOLDER, fill, fill_url

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "application/octet-stream": "bin"}


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over the wire, but for the key."""

    method: str
    url: str
    params: dict[str, str]
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes requests as an adapter's ``[request]`` says."""

    request: Request
    values: Mapping[str, Any]
    media_type: str

    @property
    def url(self) -> str:
        """The URL, without parameters."""
        return fill_url(self.request.url, self.values)

    @property
    def headers(self) -> dict[str, str]:
        """The file's own headers."""
        return self._texts(self.request.headers)

    def __call__(self, images: Sequence[Encoded]) -> Message:
        """Return the request for encoded images."""
        request = self.request
        kind, content = self._body(images)
        headers = {"accept": "application/json", "content-type": request.content_type or kind}
        headers |= {name.lower(): value for name, value in self._texts(request.headers).items()}
        return Message(request.method, self.url, self._texts(request.query), headers, content)

    def _texts(self, table: Mapping[str, str]) -> dict[str, str]:
        return {name: _text(value) for name, value in fill(dict(table), self.values, ()).items()}

    def _body(self, images: Sequence[Encoded]) -> tuple[str, bytes]:
        if self.request.parts is not None:
            return self._form(self.request.parts, images[0])
        if self.request.body is not None:
            image = images[0]
            assert isinstance(image, bytes | str)
            return self.media_type, image.encode() if isinstance(image, str) else image
        return "application/json", msgspec.json.encode(fill(self.request.json, self.values, images))

    def _form(self, parts: Mapping[str, str], image: Encoded) -> tuple[str, bytes]:
        """multipart/form-data, RFC 7578."""
        # Of the image itself, so that the same image is the same bytes, and no image holds its own digest.
        assert isinstance(image, bytes)
        boundary = hashlib.sha256(image).hexdigest()
        lines = list[bytes]()
        for name, template in parts.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
            whole = PLACEHOLDER.fullmatch(template)
            if whole and whole[1] == "image":
                head += f'; filename="image.{EXTENSIONS[self.media_type]}"\r\nContent-Type: {self.media_type}'
                lines += [head.encode() + b"\r\n\r\n" + image]
            elif (value := fill(template, self.values, ())) is not None:
                lines += [f"{head}\r\n\r\n{_text(value)}".encode()]
        return f"multipart/form-data; boundary={boundary}", b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])


def _text(value: object) -> str:
    """As URLs, headers and forms write values: ``true``, ``a,b``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
