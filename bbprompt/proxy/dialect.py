"""What the proxy must know of an API: where its requests hold images, and its answers scores.

An adapter read backwards. A package adds one with an entry point in the group ``bbprompt.dialects``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bbprompt.arrays import Float32, UInt8
from bbprompt.oracle import Scores


@dataclass(frozen=True, slots=True)
class Message:
    """A body, and the headers that say how to read it; names in lower case."""

    content: bytes
    headers: dict[str, str]

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Refusal(Exception):
    """A message that cannot be handled; nothing of it goes further. The text is for the caller."""


Lay: TypeAlias = Callable[[UInt8], UInt8]
"""Images (n, H, W, 3) to prompted ones (n, h, w, 3), both uint8."""


Fetch: TypeAlias = Callable[[str], bytes]
"""An image's address to the file behind it; raises ``Refusal`` where the proxy may not, or cannot, fetch it."""


class Relabel(Protocol):
    """From a model's labels to the task's classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the task's classes."""

    def __call__(self, scores: Scores) -> Float32:
        """Turn scores (n, k) into the probabilities of the task's classes: float32, (n, classes)."""

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse labels, in the order of the scores' columns, that it was not made for.

        Raises:
            ConfigError: the same labels in another order, or other labels.
        """


class Dialect(Protocol):
    """One API, seen from its server's side. Safe to use from many threads."""

    def prompt(self, request: Message, lay: Lay, fetch: Fetch) -> tuple[Message, int]:
        """Return the request with every image prompted, and how many images that were.

        Images stay without loss, unless the API takes JPEG alone. None are prompted only where the API takes such
        requests by its own rules, as an embedding server takes texts.

        Raises:
            Refusal: it holds no image, or one that cannot be prompted.
        """

    def answers_at(self, path: str) -> bool:
        """Whether what a request without a body gets from ``path`` may hold scores: a result that is polled for."""

    def relabel(self, answer: Message, relabel: Relabel) -> Message:
        """Return the answer with the task's classes instead of the model's labels.

        Raises:
            Refusal: it holds no scores that could be mapped.
        """

    def check_relabels(self, relabel: Relabel) -> None:
        """Refuse to map answers, before any request, where it cannot.

        Raises:
            ConfigError: an option is missing, or the dialect knows no answers; the message says which.
        """
