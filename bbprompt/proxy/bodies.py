"""Bodies taken apart and put together again: JSON, and forms part for part."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import Message as Parsed
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import msgspec

from bbprompt.proxy.dialect import Message, Refusal
from bbprompt.proxy.images import Files, Texts

JSON = re.compile(r"application/(json|x-amz-json-[\d.]+|[\w.-]+\+json)")
FORM = "multipart/form-data"
UNSAID = frozenset({"", "text/plain", "application/x-www-form-urlencoded"})
"""What clients say that do not care; curl is one."""


def is_json(message: Message) -> bool:
    """Whether a body says that it is JSON, or looks like it: not every client says what it sends."""
    if message.media_type in UNSAID:
        return message.content.lstrip()[:1] in (b"{", b"[")
    return JSON.fullmatch(message.media_type) is not None


def decode_json(content: bytes) -> Any:
    """Read JSON.

    Raises:
        Refusal: it is none.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(f"a body that is no JSON ({error})") from error


def map_texts(value: Any, change: Callable[[str, str], str], *, key: str = "") -> Any:
    """Return JSON with every text changed by ``change(text, key)``; a list's texts have the list's key."""
    match value:
        case dict():
            return {name: map_texts(inner, change, key=name) for name, inner in value.items()}
        case list():
            return [map_texts(inner, change, key=key) for inner in value]
        case str():
            return change(value, key)
    return value


def prompt_file(request: Message, files: Files) -> Message:
    """Return a request whose body is an image file with that file prompted; any other as it is."""
    file = files(request.content)
    if file is None:
        return request
    about = {"content-type": files.media_type} if request.media_type.startswith("image/") else {}
    return Message(file, request.headers | about)


@dataclass(frozen=True, slots=True)
class Part:
    """Of a form; ``media_type`` is empty where it says none."""

    name: str
    content: bytes
    media_type: str


def prompt_part(part: Part, files: Files, texts: Texts) -> Part:
    """Return a part with its image, if it is one or holds one as text."""
    file = files(part.content)
    if file is not None:
        image = part.media_type.startswith("image/")
        return replace(part, content=file, media_type=files.media_type if image else part.media_type)
    if (text := _field(part.content)) is not None:
        return replace(part, content=texts.anything(text, key=part.name).encode())
    return part


def map_form(request: Message, change: Callable[[Part], Part]) -> Message:
    """Return the same form, part for part, with the boundary that its header names.

    Raises:
        Refusal: it cannot be read.
    """
    kind = request.headers["content-type"]
    whole = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode("latin-1") + request.content)
    boundary = whole.get_boundary()
    if boundary is None or not whole.is_multipart() or whole.defects:
        raise Refusal("a form that cannot be read")
    parts = [_changed(part, change) for part in whole.iter_parts()]
    edge = f"--{boundary}".encode("latin-1")
    if any(edge in part for part in parts):
        raise Refusal("a form whose boundary lies within a part")
    content = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    return Message(content, request.headers)


def _changed(part: Parsed, change: Callable[[Part], Part]) -> bytes:
    if (how := part.get("content-transfer-encoding", "binary").lower()) not in ("binary", "8bit", "7bit"):
        raise Refusal(f"a form with a part encoded as {how}")  # RFC 7578, 4.7: not in use
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    headers = {name.lower(): str(value) for name, value in part.items()}
    headers.pop("content-length", None)
    name = str(part.get_param("name", "", "content-disposition"))
    changed = change(Part(name, content, headers.get("content-type", "")))
    if changed.media_type:
        headers["content-type"] = changed.media_type
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("utf-8") + b"\r\n" + changed.content


def _field(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
