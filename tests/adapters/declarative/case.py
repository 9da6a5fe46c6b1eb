"""What a case is: an adapter's request and answer as its vendor documents them, and the scores that they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

IMAGE = "<image>"
"""Stands for the encoded image where a body is compared."""

SECRET = "s3cr3t-k3y-of-the-test"


@dataclass(frozen=True)
class Case:
    """One adapter.

    Attributes:
        options: of ``[oracle]``.
        url: that must be asked, with its parameters.
        headers: that must be there.
        body: of the request, the image replaced by ``IMAGE``; ``None`` if it is the image alone.
        answer: the vendor's, to one image.
        scores: of the labels, NaN or ``unlisted`` where one is not listed.
        env: variables that hold keys.
        then: bodies of the answers to what is asked afterwards.
        texts: the answer to the labels' texts.
    """

    options: dict[str, Any]
    url: str
    body: Any
    answer: Any
    scores: list[float]
    headers: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    then: tuple[Any, ...] = ()
    texts: Any = None
