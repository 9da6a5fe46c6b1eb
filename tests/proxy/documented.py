"""Requests as vendors document them."""

from __future__ import annotations

from typing import Any

import msgspec

from bbprompt_adapters.declarative.encode import Encoder
from bbprompt_adapters.declarative.files import read_vendor
from tests.adapters.declarative.cases import CASES, IMAGE
from tests.proxy.test_generic import b64, picture, png


def documented(name: str, seed: int = 0) -> dict[str, Any]:
    """The vendor's request, with a picture of another size than the prompt's."""
    case, image = CASES[name], read_vendor(name).image
    file = {"bytes": png(seed), "base64": b64(png(seed)), "data-uri": f"data:image/png;base64,{b64(png(seed))}"}
    if case.body is None:
        content = file[image.form]
        return {"content": content, "headers": case.headers}
    tensor = Encoder(image)(picture(seed)) if image.form == "list" else None
    body = {"instances": [tensor]} if tensor else _replaced(case.body, file[image.form])
    return {"content": msgspec.json.encode(body), "headers": {"content-type": "application/json"} | case.headers}


def _replaced(value: Any, image: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, image) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, image) for inner in value]
    return image if value == IMAGE else value
