"""Any API that takes whole image files: as the body, in a form, or in JSON as base64 or a data URI.

Every image is found by what it is, not by where it stands, and comes back as PNG in the same form. What cannot be
prompted is refused: a URL of an image would be fetched by the API itself, without a prompt.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bbprompt.config_struct import convert
from bbprompt.errors import ConfigError
from bbprompt.proxy.bodies import FORM, decode_json, is_json, map_form, map_texts, prompt_file, prompt_part
from bbprompt.proxy.dialect import Fetch, Lay, Message, Refusal, Relabel
from bbprompt.proxy.images import Files, Texts


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None."""


class Generic:
    """Whole image files, wherever they stand."""

    def prompt(self, request: Message, lay: Lay, fetch: Fetch) -> tuple[Message, int]:
        """See ``Dialect.prompt``."""
        files = Files(lay)
        texts = Texts(files, fetch)
        if is_json(request):
            body = map_texts(decode_json(request.content), lambda text, key: texts.anything(text, key=key))
            rewritten = Message(msgspec.json.encode(body), request.headers)
        elif request.media_type == FORM:
            rewritten = map_form(request, lambda part: prompt_part(part, files, texts))
        else:
            rewritten = prompt_file(request, files)
        if not files.count:
            raise Refusal("no image found in the request; nothing was sent on")
        return rewritten, files.count

    def answers_at(self, path: str) -> bool:  # noqa: ARG002
        """Nowhere that is known."""
        return False

    def relabel(self, answer: Message, relabel: Relabel) -> Message:  # noqa: ARG002
        """Refuse: what an unknown API's answers mean is not known."""
        raise Refusal("answers of an unknown API cannot be mapped")

    def check_relabels(self, relabel: Relabel) -> None:  # noqa: ARG002
        """Refuse."""
        raise ConfigError("the dialect 'generic' does not know what answers mean; say --labels pass")


def open_dialect(options: Mapping[str, object]) -> Generic:
    """Return the dialect; it has no options.

    Raises:
        ConfigError: an option.
    """
    convert(options, Options, where="--option")
    return Generic()
