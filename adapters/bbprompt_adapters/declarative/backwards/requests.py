"""Requests: every image gets the prompt, where the adapter's template says that images are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bbprompt.proxy.bodies import FORM, decode_json, is_json, map_form
from bbprompt.proxy.dialect import Fetch, Lay, Message, Refusal
from bbprompt.proxy.images import Files, Texts
from bbprompt_adapters.declarative.backwards.images import Images, make_images
from bbprompt_adapters.declarative.backwards.places import Place, describe_places, find_places
from bbprompt_adapters.declarative.files import AdapterFile
from bbprompt_adapters.declarative.schema import Image
from bbprompt_adapters.declarative.template import placeholders


@dataclass(frozen=True, slots=True)
class Requests:
    """Prompts requests of one adapter.

    Attributes:
        adapter: whose template is read.
        image: its ``[image]``, with what the options change.
        values: of placeholders that the options give.
    """

    adapter: AdapterFile
    image: Image
    values: Mapping[str, Any]

    def prompt(self, message: Message, lay: Lay, fetch: Fetch) -> tuple[Message, int]:
        """See ``Dialect.prompt``."""
        images = make_images(self.image, lay, fetch)
        if is_json(message):
            body = decode_json(message.content)
            if self._asks_for_texts(body):
                self._body(body, frozenset(), images)
                return message, 0
            places = frozenset(find_places(self.adapter.request.json, body, self.values))
            prompted = Message(msgspec.json.encode(self._body(body, places, images)), message.headers)
        elif message.media_type == FORM:
            declared = self._parts()
            prompted = map_form(message, lambda part: images.in_part(part, declared=part.name in declared))
        else:
            prompted = images.in_body(message, declared=self.adapter.request.body is not None)
        if not images.count:
            raise Refusal(f"no image found in the request; {self._sought()}; nothing was sent on")
        return prompted, images.count

    def _body(self, body: Any, places: frozenset[Place], images: Images) -> Any:
        """The body with what is at ``places`` prompted, and no image elsewhere."""

        def changed(value: Any, at: Place, key: str) -> Any:
            if at in places:
                return images.in_json(value, where=_path(at))
            match value:
                case dict():
                    return {name: changed(inner, (*at, name), name) for name, inner in value.items()}
                case list():
                    return [changed(inner, (*at, index), key) for index, inner in enumerate(value)]
                case str():
                    self._check_stray(value, key, _path(at))
            return value

        return changed(body, (), "")

    def _check_stray(self, text: str, key: str, where: str) -> None:
        """Refuse an image where none is looked for: it would go on without a prompt."""
        files = Files(lambda images: images)
        try:
            Texts(files, _not_here).anything(text, key=key)
        except Refusal as refusal:
            raise Refusal(f"{where!r} cannot be prompted ({refusal}); {self._sought()}") from refusal
        if files.count:
            raise Refusal(f"{where!r} holds an image; {self._sought()}; --adapter generic takes them anywhere")

    def _parts(self) -> frozenset[str]:
        parts = self.adapter.request.parts or {}
        return frozenset(name for name, template in parts.items() if "image" in placeholders(template))

    def _asks_for_texts(self, body: Any) -> bool:
        """Whether it is about the labels' texts: it says what ``[labels]`` says and ``[request]`` does not."""
        if self.adapter.labels is None:
            return False
        said, otherwise = dict(_literals(self.adapter.labels.json)), dict(_literals(self.adapter.request.json))
        telling = {at: value for at, value in said.items() if otherwise.get(at) != value}
        found = dict(_literals(body))
        return bool(telling) and all(found.get(at) == value for at, value in telling.items())

    def _sought(self) -> str:
        """Where images are looked for, in words."""
        request = self.adapter.request
        if request.json is not None:
            places = ", ".join(dict.fromkeys(describe_places(request.json, self.values)))
        else:
            places = (
                " and ".join(f"the form's part {name!r}" for name in sorted(self._parts())) or "the body itself"
            )
        return f"{self.adapter.about.name} has images at {places}, as {self.image.form} of {self.image.encoding}"


def _not_here(_: str) -> bytes:
    raise Refusal("the adapter has no image there")


def _literals(value: Any, at: Place = ()) -> Any:
    """Every place without a placeholder, and what stands there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _literals(inner, (*at, key))
    elif not isinstance(value, list) and not list(placeholders(value)):
        yield at, value


def _path(at: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).lstrip(".") or "the body"
