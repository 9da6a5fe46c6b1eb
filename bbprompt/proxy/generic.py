"""Any API that takes whole image files: as the body, in a form, or in JSON as base64 or a data URI.

Every image is found by what it is, not by where it stands, and comes back as PNG in the same form. What cannot be
prompted is refused: a URL of an image would be fetched by the API itself, without a prompt.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping
from email.message import Message as Part
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from bbprompt.config_struct import convert
from bbprompt.data.files import READ_ERRORS, to_rgb
from bbprompt.errors import ConfigError, DataError
from bbprompt.proxy.dialect import Lay, Message, Refusal, Relabel

DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
SHORTEST = 48
"""Characters of base64 below which no image fits."""

IMAGE_URL = re.compile(r"(https?|gs|s3|ftp)://\S+", re.IGNORECASE)
IMAGE_KEY = re.compile(r"image|img|photo|picture|url|uri", re.IGNORECASE)
COMPRESSION = 1


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None."""


class Generic:
    """Whole image files, wherever they stand."""

    def prompt(self, request: Message, lay: Lay) -> tuple[Message, int]:
        """See ``Dialect.prompt``."""
        laid = Laid(lay)
        rewritten = self._rewrite(request, laid)
        if not laid.count:
            raise Refusal("no image found in the request; nothing was sent on")
        return rewritten, laid.count

    def relabel(self, answer: Message, relabel: Relabel) -> Message:  # noqa: ARG002
        """Refuse: what an unknown API's answers mean is not known."""
        raise Refusal("answers of an unknown API cannot be mapped")

    def check_relabels(self) -> None:
        """Refuse."""
        raise ConfigError("the dialect 'generic' does not know what answers mean; say --labels pass")

    def _rewrite(self, request: Message, laid: Laid) -> Message:
        kind = request.media_type
        if kind == "application/json" or kind.endswith("+json"):
            return Message(_json(request.content, laid), request.headers)
        if kind == "multipart/form-data":
            return Message(_form(request, laid), request.headers)
        png = laid(request.content)
        if png is None:
            return request
        about = {"content-type": "image/png"} if kind.startswith("image/") else {}
        return Message(png, request.headers | about)


class Laid:
    """Lays the prompt over files that are images, and counts them."""

    def __init__(self, lay: Lay) -> None:
        self._lay = lay
        self.count = 0

    def __call__(self, data: bytes) -> bytes | None:
        """The PNG of the prompted image; ``None`` where ``data`` is no image.

        Raises:
            Refusal: it is one, but cannot be read.
        """
        try:
            opened = Image.open(io.BytesIO(data))
        except READ_ERRORS as error:
            if isinstance(error, Image.DecompressionBombError):
                raise Refusal("an image of too many pixels") from error
            return None
        try:
            pixels = np.asarray(to_rgb(opened))
        except (*READ_ERRORS, DataError) as error:
            raise Refusal(f"an image that cannot be read ({error})") from error
        self.count += 1
        buffer = io.BytesIO()
        Image.fromarray(self._lay(pixels[None])[0]).save(buffer, "PNG", compress_level=COMPRESSION)
        return buffer.getvalue()


def _json(content: bytes, laid: Laid) -> bytes:
    try:
        return msgspec.json.encode(_walk(msgspec.json.decode(content), laid, key=""))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(f"a body that is no JSON ({error})") from error


def _walk(value: Any, laid: Laid, *, key: str) -> Any:
    match value:
        case dict():
            return {name: _walk(inner, laid, key=name) for name, inner in value.items()}
        case list():
            return [_walk(inner, laid, key=key) for inner in value]
        case str():
            return _text(value, laid, key=key)
    return value


def _text(text: str, laid: Laid, *, key: str) -> str:
    if IMAGE_KEY.search(key) and IMAGE_URL.fullmatch(text.strip()):
        raise Refusal(f"{key!r} is an address; send the image itself, since what is behind it would get no prompt")
    if uri := DATA_URI.match(text):
        png = laid(_decoded(text[uri.end() :]) or b"")
        if png is None:
            raise Refusal(f"{key!r} is a data URI that holds no image that can be read")
        return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    if len(text) >= SHORTEST and (data := _decoded(text)) and (png := laid(data)):
        return base64.b64encode(png).decode("ascii")
    return text


def _decoded(text: str) -> bytes | None:
    compact = "".join(text.split())
    if not BASE64.fullmatch(compact):
        return None
    try:
        standard = compact.rstrip("=").translate(str.maketrans("-_", "+/"))
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        return None


def _form(request: Message, laid: Laid) -> bytes:
    """The same form, part for part, with the boundary that its header names."""
    kind = request.headers["content-type"]
    whole = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode("latin-1") + request.content)
    boundary = whole.get_boundary()
    if boundary is None or not whole.is_multipart() or whole.defects:
        raise Refusal("a form that cannot be read")
    parts = [_part(part, laid) for part in whole.iter_parts()]
    edge = f"--{boundary}".encode("latin-1")
    if any(edge in part for part in parts):
        raise Refusal("a form whose boundary lies within a part")
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def _part(part: Part, laid: Laid) -> bytes:
    if (how := part.get("content-transfer-encoding", "binary").lower()) not in ("binary", "8bit", "7bit"):
        raise Refusal(f"a form with a part encoded as {how}")  # RFC 7578, 4.7: not in use
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    png = laid(content)
    headers = {name.lower(): str(value) for name, value in part.items()}
    headers.pop("content-length", None)
    if png is not None and headers.get("content-type", "").startswith("image/"):
        headers["content-type"] = "image/png"
    if png is None and (text := _field(content)) is not None:
        content = _text(text, laid, key=str(part.get_param("name", "", "content-disposition"))).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("utf-8") + b"\r\n" + (content if png is None else png)


def _field(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def open_dialect(options: Mapping[str, object]) -> Generic:
    """Return the dialect; it has no options.

    Raises:
        ConfigError: an option.
    """
    convert(options, Options, where="--option")
    return Generic()
