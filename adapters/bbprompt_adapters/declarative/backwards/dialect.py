"""An adapter's file as a dialect of the proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bbprompt.errors import BbpromptError, ConfigError
from bbprompt.oracle import Scores
from bbprompt.proxy.dialect import Fetch, Lay, Message, Refusal, Relabel
from bbprompt_adapters.declarative.backwards.answers import Answers, check_classes
from bbprompt_adapters.declarative.backwards.requests import Requests
from bbprompt_adapters.declarative.template import PLACEHOLDER

if TYPE_CHECKING:
    from bbprompt_adapters.declarative.files import AdapterFile


@dataclass(frozen=True, slots=True)
class Declarative:
    """One API, as its TOML describes it; ``answers`` is ``None`` where they cannot be mapped."""

    requests: Requests
    answers: Answers | None

    def prompt(self, request: Message, lay: Lay, fetch: Fetch) -> tuple[Message, int]:
        """See ``Dialect.prompt``."""
        return self.requests.prompt(request, lay, fetch)

    def answers_at(self, path: str) -> bool:
        """Where the adapter itself would look for a result."""
        poll = self._adapter.poll
        if poll is None:
            return False
        return poll.url_path is not None or _pattern(poll.url).search(path) is not None

    def relabel(self, answer: Message, relabel: Relabel) -> Message:
        """See ``Dialect.relabel``."""
        if self.answers is None:
            raise Refusal("which labels the model has is not known")
        return self.answers.relabel(answer, relabel)

    def check_relabels(self, relabel: Relabel) -> None:
        """See ``Dialect.check_relabels``."""
        if self._adapter.labels is not None:
            raise ConfigError(
                f"{self._adapter.about.name} answers vectors, which have no classes; say --labels pass"
            )
        if self.answers is None:
            raise ConfigError("which labels the model has is not known; say --option labels=FILE, or --labels pass")
        check_classes(self._adapter, relabel.classes)
        spec = self.answers.spec
        try:
            relabel(Scores(np.full((1, len(spec.labels)), 0.5, np.float32), spec.answer))
        except BbpromptError as error:
            raise ConfigError(f"--option labels has {len(spec.labels)}, but {error}") from error
        relabel.check_labels(spec.labels)

    @property
    def _adapter(self) -> AdapterFile:
        return self.requests.adapter


def _pattern(url: str) -> re.Pattern[str]:
    """What an address of ``[poll]`` looks like, from behind its host."""
    texts, names = PLACEHOLDER.split(url)[::2], PLACEHOLDER.findall(url)
    filled = ["", *(".*" if name == "url" else "[^/]+" for name in names)]
    return re.compile("".join(value + re.escape(text) for value, text in zip(filled, texts, strict=True)) + "$")
